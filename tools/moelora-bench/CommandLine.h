// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the command lines of all tiers have in common: `--name=value`, checked.
#ifndef MOELORA_TOOLS_BENCH_COMMANDLINE_H
#define MOELORA_TOOLS_BENCH_COMMANDLINE_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace moelora::bench {

class CommandLine {
public:
  explicit CommandLine(const char *help) : help(help) {}

  /// Calls set(name, value) for each argument. Prints the help and leaves with
  /// status 0 for --help.
  void parse(int argc, char **argv,
             const std::function<void(const std::string &name,
                                      const std::string &value)> &set) const;

  /// Says what is wrong and leaves with status 2.
  [[noreturn]] void wrong(const std::string &message) const;

  /// A number of [least, most], or wrong.
  int64_t number(const std::string &name, const std::string &text,
                 int64_t least, int64_t most) const;

  /// Several, with commas between.
  std::vector<int64_t> numbers(const std::string &name, const std::string &text,
                               int64_t least, int64_t most) const;

private:
  const char *help;
};

/// "a,b" -> a, b
std::vector<std::string> split(const std::string &text);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_COMMANDLINE_H
