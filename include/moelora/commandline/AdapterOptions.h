// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Command line options for properties that the files of adapters do not
// determine.
#ifndef MOELORA_COMMANDLINE_ADAPTEROPTIONS_H
#define MOELORA_COMMANDLINE_ADAPTEROPTIONS_H

#include "moelora/commandline/CommandLine.h"
#include "moelora/host/Adapters.h"

namespace moelora::commandline {

/// The options
///   --adapter-layout=[NAME=]natural|transposed
///   --adapter-columns=[NAME=]rank_major|grouped_by_expert
/// The object must outlive the parser that it was added to.
class AdapterStatements {
public:
  /// Adds the options to a parser.
  void add(CLI::App &app);

  /// Applies each option to the adapters with its NAME, or to all adapters if
  /// it has no NAME. Throws a UsageError if no adapter has the name.
  void apply(std::vector<host::AdapterFolder> &adapters) const;

private:
  using Field = int32_t moelora_adapter_options::*;
  using Choices = std::vector<std::pair<std::string, int32_t>>;
  struct Statement {
    std::string option, adapter; ///< adapter "" stands for all
    Field field;
    int32_t value;
  };

  void addOne(CLI::App &app, const std::string &option,
              const std::string &value, const std::string &what, Field field,
              const Choices &choices);

  std::vector<Statement> statements;
};

} // namespace moelora::commandline

#endif // MOELORA_COMMANDLINE_ADAPTEROPTIONS_H
