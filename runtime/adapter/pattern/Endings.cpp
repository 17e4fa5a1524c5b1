/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A text ends with another one if the reversed text begins with the reversed
 * other one. In sorted order, all texts that begin with a text follow it
 * directly.
 */
#include "adapter/pattern/Endings.h"

#include <algorithm>

using namespace moelora;

namespace {

bool beginsWith(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}

} // namespace

Endings::Endings(const std::vector<std::string> &texts, Work &work) {
  std::vector<std::string> all;
  all.reserve(texts.size());
  for (const std::string &text : texts) {
    work.step(1 + text.size() / 8);
    all.emplace_back(text.rbegin(), text.rend());
  }
  std::sort(all.begin(), all.end(), [&](const auto &left, const auto &right) {
    work.step();
    return left < right;
  });
  for (std::string &text : all)
    if (reversed.empty() || !beginsWith(text, reversed.back()))
      reversed.push_back(std::move(text));
}

std::optional<std::string> Endings::endOf(std::string_view text,
                                          Work &work) const {
  std::string from(text.rbegin(), text.rend());
  work.step(1 + text.size() / 8);
  auto after = std::upper_bound(reversed.begin(), reversed.end(), from);
  if (after == reversed.begin() || !beginsWith(from, *std::prev(after)))
    return std::nullopt;
  const std::string &found = *std::prev(after);
  return std::string(found.rbegin(), found.rend());
}
