/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * There is one table for each group of patterns. The key is the end of a name,
 * with the length of the group.
 */
#include "adapter/pattern/FixedPatterns.h"

#include <algorithm>
#include <cctype>

using namespace moelora;

namespace {

bool takePrefix(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Whether the character is literal after a backslash.
bool isPunctuation(char c) {
  return std::ispunct(static_cast<unsigned char>(c)) != 0;
}

} // namespace

bool FixedPatterns::take(std::string_view pattern, Group &group,
                         std::string &text) {
  group.start = takePrefix(pattern, "^") ? AtBegin : AtDot;
  if (takePrefix(pattern, ".*"))
    group.start = Anywhere;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '.') {
      group.wild.push_back(text.size());
      c = '\0';
    } else if (c == '\\') {
      ++i;
      if (i == pattern.size() || !isPunctuation(pattern[i]))
        return false;
      c = pattern[i];
    } else if (c == '$' && i + 1 == pattern.size()) {
      break; // matches end there anyway
    } else if (std::string_view("()[]{}*+?|^$").find(c) !=
               std::string_view::npos) {
      return false;
    }
    text += c;
  }
  group.length = text.size();
  return true;
}

bool FixedPatterns::add(std::string_view pattern, int64_t index) {
  Group group = {};
  std::string text;
  if (!take(pattern, group, text))
    return false;
  std::string shape(text.size(), 'x');
  for (size_t at : group.wild)
    shape[at] = '.';
  shape += std::to_string(group.start);
  auto [found, added] = groupOf.emplace(std::move(shape), groups.size());
  if (added)
    groups.push_back(std::move(group));
  groups[found->second].first.emplace(std::move(text), index);
  return true;
}

bool FixedPatterns::Group::fits(std::string_view name) const {
  if (length > name.size())
    return false;
  size_t before = name.size() - length;
  return before == 0 || start == Anywhere ||
         (start == AtDot && name[before - 1] == '.');
}

int64_t FixedPatterns::firstMatch(std::string_view name,
                                  uint64_t &steps) const {
  /// The number of characters that are looked up in the time of one step.
  constexpr size_t charactersPerStep = 16;
  int64_t least = -1;
  std::string end;
  steps += groups.size();
  for (const Group &group : groups) {
    if (!group.fits(name))
      continue;
    steps += 1 + group.length / charactersPerStep;
    end = name.substr(name.size() - group.length);
    for (size_t at : group.wild)
      end[at] = '\0';
    auto found = group.first.find(end);
    if (found != group.first.end() && (least < 0 || found->second < least))
      least = found->second;
  }
  return least;
}
