/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The command line: one table of commands, one of options.
 */
#ifndef MOELORA_TOOLS_ADAPTER_OPTIONS_H
#define MOELORA_TOOLS_ADAPTER_OPTIONS_H

#include "moelora/runtime/Adapter.h"

#include <string>
#include <vector>

namespace moelora::tool {

struct WrongUsage {
  std::string text;
};

extern const char *const usage;

/// An adapter as the command line names it.
struct Named {
  std::string name, folder;
  moelora_adapter_options stated = {sizeof(moelora_adapter_options), 0, 0, 0};
};

enum Command : unsigned {
  Inspect = 1,
  Check = 2,
  Diff = 4,
  Convert = 8,
  MakeDummy = 16,
};

/// Texts are as they were given, "" where they were not.
struct Options {
  Command command = Inspect;
  std::vector<Named> adapters;
  std::string model, to, form, dtype, ranks, layers, seed;
  bool json = false, force = false, random = false;
};

/// Throws WrongUsage.
Options parseOptions(int argc, char **argv);

/// "3" or "1,2,4", or with `ranges` also "0-3,7": in the order given. Throws
/// WrongUsage; `option` is what it calls itself.
std::vector<int32_t> parseNumbers(const std::string &option,
                                  const std::string &text, bool ranges);

} // namespace moelora::tool

#endif // MOELORA_TOOLS_ADAPTER_OPTIONS_H
