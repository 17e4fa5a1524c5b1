// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Suggests known names: those with the smallest edit distance.

#include "Nearest.h"
#include "FamilyTables.h"

#include <algorithm>
#include <cctype>

namespace moelora::models {

namespace {

constexpr size_t mostNames = 3;
// Only the beginning of a very long name is compared.
constexpr size_t maxLetters = 40;

/// The number of letters to add, remove or replace.
size_t distance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

} // namespace

std::string lettersOf(const std::string &name) {
  std::string letters;
  for (unsigned char c : name)
    if (std::isalnum(c))
      letters += static_cast<char>(std::tolower(c));
  return letters;
}

std::string nearestNames(const std::string &name) {
  std::string letters = lettersOf(name).substr(0, maxLetters);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string &known : familyNames()) {
    std::string other = lettersOf(known);
    size_t changes = distance(letters, other);
    // A name with less than half of its letters in common is not suggested,
    // unless it begins with a known name.
    if (2 * changes < letters.size() || letters.rfind(other, 0) == 0)
      near.emplace_back(changes, known);
  }
  std::sort(near.begin(), near.end());
  std::string text;
  for (size_t i = 0; i < std::min(near.size(), mostNames); ++i)
    text += (text.empty() ? "" : " or ") + near[i].second;
  return text;
}

} // namespace moelora::models
