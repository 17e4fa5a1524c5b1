/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Patterns whose matches all have the same length, such as names of modules, in
 * which each dot matches any character. Some files have one for each of 70,000
 * modules, so they are looked up in a table instead of being tried one by one.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_PATTERN_FIXEDPATTERNS_H
#define MOELORA_RUNTIME_ADAPTER_PATTERN_FIXEDPATTERNS_H

#include "files/NameHash.h"

#include <vector>

namespace moelora {

class FixedPatterns {
public:
  /// Adds a pattern if all of its matches have the same length, and returns
  /// false otherwise. Indices must ascend.
  bool add(std::string_view pattern, int64_t index);

  /// The smallest index of a pattern that matches the end of `name`, or -1.
  /// Adds the number of steps to `steps`.
  int64_t firstMatch(std::string_view name, uint64_t &steps) const;

private:
  /// Where in a name a match may begin.
  enum Start { AtDot, AtBegin, Anywhere };

  /// Patterns that differ in their characters only.
  struct Group {
    Start start;
    size_t length;
    std::vector<size_t> wild; ///< where any character matches; '\0' in the keys
    NameMap<std::string, int64_t> first;

    bool fits(std::string_view name) const;
  };

  static bool take(std::string_view pattern, Group &group, std::string &text);

  std::vector<Group> groups;
  NameMap<std::string, size_t> groupOf; ///< by where they are wild
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTER_PATTERN_FIXEDPATTERNS_H
