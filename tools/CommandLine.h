// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all programs have in common that do not read their command line with
// LLVM: one grammar, in which `--name=value` and `--name value` are the same,
// and one contract for errors.
#ifndef MOELORA_TOOLS_COMMANDLINE_H
#define MOELORA_TOOLS_COMMANDLINE_H

#include <CLI/CLI.hpp>

#include <charconv>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace moelora::tools {

/// A wrong command line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs a program and answers its exit status: that of `body`, or 2 for a
/// UsageError, or 1 for any other exception and where standard output cannot be
/// written. Each is told on standard error as `error: ...`.
int runMain(const char *tool, const std::function<int()> &body);

/// The command line of a program, which may have subcommands.
class CommandLine {
public:
  /// `builtWith` is a second line of what --version prints.
  CommandLine(const char *tool, const char *what, const char *builtWith = "");

  /// Sets what the options were added for, or throws a UsageError. False: help
  /// or the version was asked for and printed, and there is nothing to do.
  bool parse(int count, char **arguments);

  CLI::App app;
};

/// "natural, transposed or both"
std::string alternatives(const std::vector<std::string> &names);

/// "a,b" -> a, b
std::vector<std::string> split(const std::string &text);

/// A number of [least, most].
template <typename Number>
Number parseNumber(const std::string &name, const std::string &text,
                   Number least, Number most) {
  Number number = 0;
  const char *end = text.data() + text.size();
  auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc() || stop != end || number < least || number > most)
    throw UsageError(name + " expects a number from " + std::to_string(least) +
                     " to " + std::to_string(most) + ", but it is '" + text +
                     "'");
  return number;
}

/// Several, with commas between.
template <typename Number>
std::vector<Number> parseNumbers(const std::string &name,
                                 const std::string &text, Number least,
                                 Number most) {
  std::vector<Number> numbers;
  for (const std::string &part : split(text))
    numbers.push_back(parseNumber<Number>(name, part, least, most));
  return numbers;
}

/// One of the values by its name.
template <typename Value>
Value parseChoice(const std::string &name, const std::string &text,
                  const std::vector<std::pair<std::string, Value>> &choices) {
  std::vector<std::string> names;
  for (const auto &[choice, value] : choices) {
    if (text == choice)
      return value;
    names.push_back(choice);
  }
  throw UsageError(name + " expects " + alternatives(names) + ", but it is '" +
                   text + "'");
}

// ---- Options. `name` is "--name" or, for what has no dashes, "name"; `value`
// is what help calls the value.

/// Calls `set` with what was given; the last one counts where it is repeated.
CLI::Option *addOption(CLI::App &app, const std::string &name,
                       const std::string &value, const std::string &what,
                       std::function<void(const std::string &)> set);

/// Calls `add` once for each time that it is given.
CLI::Option *addEach(CLI::App &app, const std::string &name,
                     const std::string &value, const std::string &what,
                     std::function<void(const std::string &)> add);

/// A file, a folder, a name.
CLI::Option *addText(CLI::App &app, const std::string &name, std::string &text,
                     const std::string &value, const std::string &what);

template <typename Number, typename Target>
CLI::Option *addNumber(CLI::App &app, const std::string &name, Target &target,
                       Number least, Number most, const std::string &what) {
  return addOption(app, name, "N", what, [=, &target](const std::string &text) {
    target = parseNumber<Number>(name, text, least, most);
  });
}

template <typename Value>
CLI::Option *addChoice(CLI::App &app, const std::string &name, Value &target,
                       std::vector<std::pair<std::string, Value>> choices,
                       const std::string &what) {
  std::string value;
  for (const auto &choice : choices)
    value += (value.empty() ? "" : "|") + choice.first;
  return addOption(app, name, value, what,
                   [=, &target](const std::string &text) {
                     target = parseChoice<Value>(name, text, choices);
                   });
}

} // namespace moelora::tools

#endif // MOELORA_TOOLS_COMMANDLINE_H
