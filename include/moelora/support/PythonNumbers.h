// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NaN, Infinity and -Infinity, as Python writes them into JSON, which has no
// such numbers. Published configurations have them under keys that moelora does
// not use, so a reader must be able to skip them.
#ifndef MOELORA_SUPPORT_PYTHONNUMBERS_H
#define MOELORA_SUPPORT_PYTHONNUMBERS_H

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moelora {

/// A document in which a strict parser accepts every number. Numbers that are
/// not JSON are replaced by strings of the same length, so that positions do
/// not change. The receiver of the parser's events looks up at each string
/// whether it was a number.
class PythonNumbers {
public:
  /// `text` must outlive this.
  explicit PythonNumbers(std::string_view text) : text(text) {
    if (text.find("NaN") != text.npos || text.find("Infinity") != text.npos)
      replaceAll();
  }

  std::string_view json() const {
    return copy.empty() ? text : std::string_view(copy);
  }

  /// Must be called once for each string and each key of `json`, in their
  /// order. Returns the number that the string replaces, if any.
  std::optional<double> next() {
    bool isNumber = known < numbers.size() && numbers[known].first == strings++;
    return isNumber ? std::optional(numbers[known++].second) : std::nullopt;
  }

private:
  void replaceAll() {
    size_t count = 0; // of strings so far
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"')
        i = endOfString(i);
      else if (!replaceAt(i, count))
        continue;
      ++count;
    }
  }

  /// The position of the last quotation mark of the string that begins at `i`,
  /// or the end of the text if there is none.
  size_t endOfString(size_t i) const {
    for (++i; i < text.size() && text[i] != '"'; ++i)
      i += text[i] == '\\';
    return i;
  }

  /// Moves `i` to the last character of the number.
  bool replaceAt(size_t &i, size_t count) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr std::pair<std::string_view, double> words[] = {
        {"NaN", std::numeric_limits<double>::quiet_NaN()},
        {"Infinity", infinity},
        {"-Infinity", -infinity}};
    for (const auto &[word, value] : words) {
      if (text.substr(i, word.size()) != word)
        continue;
      if (copy.empty())
        copy = text;
      copy[i] = '"';
      i += word.size() - 1;
      copy[i] = '"';
      numbers.emplace_back(count, value);
      return true;
    }
    return false;
  }

  std::string_view text;
  std::string copy; ///< empty: nothing was replaced
  std::vector<std::pair<size_t, double>> numbers; ///< by number of the string
  size_t known = 0, strings = 0;                  ///< that were read
};

} // namespace moelora

#endif // MOELORA_SUPPORT_PYTHONNUMBERS_H
