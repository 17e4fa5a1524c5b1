// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of moelora-run.
#ifndef MOELORA_RUN_OPTIONS_H
#define MOELORA_RUN_OPTIONS_H

#include "moelora/host/Adapters.h"

#include <string>
#include <vector>

namespace moelora::run {

struct Options {
  std::string artifact, model, io, out;
  std::vector<host::AdapterFolder> adapters;
  std::vector<int32_t> randomAdapters; // their ranks
  moelora_entry_kind entry = MOELORA_ENTRY_ALL;
  std::string device = "cpu"; // as moelora_device_open reads it, or "reference"
  bool randomWeights = false;
  int32_t layer = -1; // -1: the layer for which the artifact was compiled
  int64_t tokens = 16;
  uint64_t seed = 1;
  int32_t repeat = 1;
  int32_t threads = 0;
  std::string collectives; // "loopback", or the name of a transport
  bool explainSharding = false;
  bool stats = false, json = false;

  bool onReference() const { return device == "reference"; }
};

/// Returns false if help or the version was printed and there is nothing to
/// run. Throws a UsageError.
bool parseOptions(int count, char **arguments, Options &options);

} // namespace moelora::run

#endif // MOELORA_RUN_OPTIONS_H
