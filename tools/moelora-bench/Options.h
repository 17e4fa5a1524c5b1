// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of moelora-bench.
#ifndef MOELORA_TOOLS_BENCH_OPTIONS_H
#define MOELORA_TOOLS_BENCH_OPTIONS_H

#include "Shape.h"

namespace moelora::bench {

struct Options {
  std::vector<Shape> shapes;
  std::vector<int64_t> tokens = {1, 16, 256};
  std::vector<int64_t> adapters = {0, 1, 8};
  int64_t rank = 16;
  int64_t repeat = 15;
  int64_t threads = 0;
  std::string cpu = "native";
  std::string python; // empty: no peer
  std::string json;   // file; empty: none
};

/// Parses what follows `moelora-bench cpu`; leaves with status 2 when it is
/// wrong, with 0 after --help.
Options parseOptions(int argc, char **argv);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_OPTIONS_H
