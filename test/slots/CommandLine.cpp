/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CommandLine.h"

#include <charconv>
#include <cstdio>
#include <string_view>

using namespace moelora::test;

namespace {

template <typename Number> bool parse(std::string_view text, Number &number) {
  const char *end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end && number >= 0;
}

bool parse(std::string_view text, std::string &value) {
  value = text;
  return true;
}

bool readOne(const CommandLine &line, std::string_view argument) {
  if (argument.substr(0, 2) != "--")
    return false;
  size_t equals = argument.find('=');
  std::string name(argument.substr(2, equals - 2));
  if (equals == std::string_view::npos) {
    auto flag = line.flags.find(argument.data() + 2);
    if (flag != line.flags.end())
      flag->second();
    return flag != line.flags.end();
  }
  auto value = line.values.find(name);
  return value != line.values.end() &&
         std::visit(
             [&](auto *place) {
               return parse(argument.substr(equals + 1), *place);
             },
             value->second);
}

} // namespace

bool CommandLine::read(int argc, char **argv) const {
  for (int i = 1; i < argc; ++i)
    if (!readOne(*this, argv[i])) {
      std::fprintf(stderr, "expects options that it knows, but got %s\n",
                   argv[i]);
      for (const auto &[name, place] : values)
        std::fprintf(stderr, "  --%s=VALUE\n", name.c_str());
      for (const auto &[name, set] : flags)
        std::fprintf(stderr, "  --%s\n", name.c_str());
      return false;
    }
  return true;
}
