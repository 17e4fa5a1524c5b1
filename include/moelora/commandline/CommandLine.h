// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of all programs that do not use LLVM's command line library.
// They have the same grammar, in which `--name=value` and `--name value` are
// the same, and handle errors in the same way.
#ifndef MOELORA_COMMANDLINE_COMMANDLINE_H
#define MOELORA_COMMANDLINE_COMMANDLINE_H

#include "moelora/commandline/Values.h"

#include <CLI/CLI.hpp>

#include <functional>

namespace moelora::commandline {

/// Runs a program and returns its exit status: that of `body`, or 2 after a
/// UsageError, or 1 after any other exception or if standard output cannot be
/// written. An error is printed to standard error as `error: ...`.
int runMain(const char *tool, const std::function<int()> &body);

/// The command line of a program, which may have subcommands.
class CommandLine {
public:
  /// `tool` is the name of the program, and `what` describes it in the help
  /// text. --version prints `builtWith` on a second line.
  CommandLine(const char *tool, const char *what, const char *builtWith = "");

  /// Parses the command line and sets the options, or throws a UsageError.
  /// Returns false if help or the version was printed and there is nothing to
  /// do.
  bool parse(int count, char **arguments);

  CLI::App app;
};

// ---- Options. `name` is "--name", or "name" for a positional argument.
// `value` is the name of the value in the help text, and `what` describes the
// option there. Variables that receive values must outlive the parser.

/// Calls `set` with the value. If the option is repeated, the last value is
/// used.
CLI::Option *addOption(CLI::App &app, const std::string &name,
                       const std::string &value, const std::string &what,
                       const std::function<void(const std::string &)> &set);

/// Calls `add` with the value of each occurrence of the option.
CLI::Option *addEach(CLI::App &app, const std::string &name,
                     const std::string &value, const std::string &what,
                     std::function<void(const std::string &)> add);

/// Sets `text`, for example a path or a name. An empty value is a UsageError.
CLI::Option *addText(CLI::App &app, const std::string &name, std::string &text,
                     const std::string &value, const std::string &what);

/// Sets `target` to a number in [least, most]; see parseNumber.
template <typename Number, typename Target>
CLI::Option *addNumber(CLI::App &app, const std::string &name, Target &target,
                       Number least, Number most, const std::string &what) {
  return addOption(app, name, "N", what, [=, &target](const std::string &text) {
    target = parseNumber<Number>(name, text, least, most);
  });
}

/// Sets `target` to the value of one of the named choices; see parseChoice.
template <typename Value>
CLI::Option *
addChoice(CLI::App &app, const std::string &name, Value &target,
          const std::vector<std::pair<std::string, Value>> &choices,
          const std::string &what) {
  std::string value;
  for (const auto &choice : choices)
    value += (value.empty() ? "" : "|") + choice.first;
  return addOption(app, name, value, what,
                   [=, &target](const std::string &text) {
                     target = parseChoice<Value>(name, text, choices);
                   });
}

} // namespace moelora::commandline

#endif // MOELORA_COMMANDLINE_COMMANDLINE_H
