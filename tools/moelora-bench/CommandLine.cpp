// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CommandLine.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace moelora::bench {

void CommandLine::wrong(const std::string &message) const {
  std::fprintf(stderr, "error: %s\n%s", message.c_str(), help);
  std::exit(2);
}

void CommandLine::parse(
    int argc, char **argv,
    const std::function<void(const std::string &, const std::string &)> &set)
    const {
  for (int index = 0; index < argc; ++index) {
    std::string argument = argv[index];
    if (argument == "--help") {
      std::fputs(help, stdout);
      std::exit(0);
    }
    size_t equal = argument.find('=');
    if (equal == std::string::npos)
      wrong("unknown argument '" + argument + "'");
    set(argument.substr(0, equal), argument.substr(equal + 1));
  }
}

int64_t CommandLine::number(const std::string &name, const std::string &text,
                            int64_t least, int64_t most) const {
  char *end = nullptr;
  long long value = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end || value < least || value > most)
    wrong(name + " expects a number in [" + std::to_string(least) + ", " +
          std::to_string(most) + "], but it is '" + text + "'");
  return value;
}

std::vector<int64_t> CommandLine::numbers(const std::string &name,
                                          const std::string &text,
                                          int64_t least, int64_t most) const {
  std::vector<int64_t> values;
  for (const std::string &part : split(text))
    values.push_back(number(name, part, least, most));
  return values;
}

std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');)
    parts.push_back(part);
  return parts;
}

} // namespace moelora::bench
