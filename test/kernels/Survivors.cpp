// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Survivors.h"
#include "moelora/host/Handles.h"

#include <algorithm>
#include <fnmatch.h>
#include <fstream>

namespace moelora::kernels {

Survivors::Survivors(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw host::Error("cannot read " + path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    size_t end = line.find(" | ");
    if (end == std::string::npos)
      throw host::Error(path + ": expects `pattern | reason`, but a line is '" +
                        line + "'");
    patterns.push_back(line.substr(0, end));
  }
}

std::string Survivors::whyUnexpected(const std::string &name,
                                     bool survived) const {
  bool isListed = std::any_of(
      patterns.begin(), patterns.end(), [&](const std::string &pattern) {
        return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
      });
  if (survived == isListed)
    return "";
  return survived ? "expects a test to kill it, or a reason in the list"
                  : "expects it to survive, as the list says";
}

} // namespace moelora::kernels
