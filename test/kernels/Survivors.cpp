// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Survivors.h"
#include "moelora/host/Handles.h"

#include <fnmatch.h>
#include <fstream>

namespace moelora::kernels {

Survivors::Survivors(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw host::Error("cannot read " + path);
  const std::string same = "same | ", unseen = "unseen | ";
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    bool isSame = line.rfind(same, 0) == 0;
    size_t begin = isSame ? same.size() : unseen.size();
    size_t end = line.find(" | ", begin);
    if ((!isSame && line.rfind(unseen, 0) != 0) || end == std::string::npos)
      throw host::Error(path +
                        ": expects `same | pattern | reason` or "
                        "`unseen | pattern | reason`, but a line is '" +
                        line + "'");
    lines.push_back({isSame ? Reason::Same : Reason::Unseen,
                     line.substr(begin, end - begin)});
  }
}

std::optional<Reason> Survivors::reasonOf(const std::string &name) const {
  for (const Line &line : lines)
    if (::fnmatch(line.pattern.c_str(), name.c_str(), 0) == 0)
      return line.reason;
  return std::nullopt;
}

} // namespace moelora::kernels
