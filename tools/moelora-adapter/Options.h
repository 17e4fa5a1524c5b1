// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of moelora-adapter.
#ifndef MOELORA_TOOLS_ADAPTER_OPTIONS_H
#define MOELORA_TOOLS_ADAPTER_OPTIONS_H

#include "moelora/adapters/Convert.h"
#include "moelora/adapters/Dummy.h"
#include "moelora/commandline/CommandLine.h"

namespace moelora::adapters {

enum class Command { Inspect, Check, Diff, Convert, MakeDummy };

struct Options {
  Command command = Command::Inspect;
  std::vector<host::AdapterFolder> adapters;
  std::string model;
  int32_t maxRank = 0; // 0: any
  bool json = false, force = false;
  ConvertOptions convert;
  std::optional<moelora_dtype> dtype;
  DummyOptions dummy;
};

/// Returns false if help or the version was printed and there is nothing to do.
/// Throws a UsageError.
bool parseOptions(int count, char **arguments, Options &options);

/// The name of a form for --to.
const char *nameOf(Form form);

} // namespace moelora::adapters

#endif // MOELORA_TOOLS_ADAPTER_OPTIONS_H
