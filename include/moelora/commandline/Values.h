// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of command lines, with the same checks and messages in all tools.
#ifndef MOELORA_COMMANDLINE_VALUES_H
#define MOELORA_COMMANDLINE_VALUES_H

#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace moelora::commandline {

/// A wrong command line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "natural, transposed or both"
std::string alternatives(const std::vector<std::string> &names);

/// "a,b" -> a, b
std::vector<std::string> split(const std::string &text);

/// A number in [least, most].
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

/// Several values, separated by commas.
template <typename Number>
std::vector<Number> parseNumbers(const std::string &name,
                                 const std::string &text, Number least,
                                 Number most) {
  std::vector<Number> numbers;
  for (const std::string &part : split(text))
    numbers.push_back(parseNumber<Number>(name, part, least, most));
  return numbers;
}

/// One of several values, by its name.
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
