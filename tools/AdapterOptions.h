// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How command lines state what the files of adapters leave open.
#ifndef MOELORA_TOOLS_ADAPTEROPTIONS_H
#define MOELORA_TOOLS_ADAPTEROPTIONS_H

#include "CommandLine.h"
#include "moelora/host/Adapters.h"

namespace moelora::tools {

/// --adapter-layout=[NAME=]natural|transposed
class LayoutOption {
public:
  void add(CLI::App &app);

  /// To the adapter of that name, or, without one, to all of them.
  void apply(std::vector<host::AdapterFolder> &adapters) const;

private:
  std::vector<std::pair<std::string, moelora_adapter_layout>> layouts;
};

} // namespace moelora::tools

#endif // MOELORA_TOOLS_ADAPTEROPTIONS_H
