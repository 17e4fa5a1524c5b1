// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses the values of options, with the same checks and messages in all tools.
#ifndef MOELORA_COMMANDLINE_VALUES_H
#define MOELORA_COMMANDLINE_VALUES_H

#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace moelora::commandline {

/// The error of a wrong command line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Joins names for a message, for example "natural, transposed or both".
std::string alternatives(const std::vector<std::string> &names);

/// Splits a text at its commas. The parts may be empty.
std::vector<std::string> split(const std::string &text);

/// Parses a number in [least, most], or throws a UsageError. `name` is the name
/// of the option for the message.
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

/// Parses numbers in [least, most] that are separated by commas.
template <typename Number>
std::vector<Number> parseNumbers(const std::string &name,
                                 const std::string &text, Number least,
                                 Number most) {
  std::vector<Number> numbers;
  for (const std::string &part : split(text))
    numbers.push_back(parseNumber<Number>(name, part, least, most));
  return numbers;
}

/// Returns the value of the choice that has the name `text`, or throws a
/// UsageError.
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

} // namespace moelora::commandline

#endif // MOELORA_COMMANDLINE_VALUES_H
