// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of moelora-bench runtime.
#ifndef MOELORA_TOOLS_BENCH_RUNTIMEOPTIONS_H
#define MOELORA_TOOLS_BENCH_RUNTIMEOPTIONS_H

#include <cstdint>
#include <string>

namespace moelora::bench {

struct RuntimeOptions {
  int64_t layers = 48;   // of the large adapters
  int64_t experts = 128; // of every layer that takes much memory
  int64_t repeat = 9;
  int64_t threads = 0;
  std::string folder; // for the large adapters; empty: the system's
  std::string json;   // file; empty: none
};

/// Parses what follows `moelora-bench runtime`; leaves with status 2 when it is
/// wrong, with 0 after --help.
RuntimeOptions parseRuntimeOptions(int argc, char **argv);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_RUNTIMEOPTIONS_H
