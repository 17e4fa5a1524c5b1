/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Regular expressions of adapter_config.json, matched in bounded time.
 *
 * The keys of rank_pattern and alpha_pattern are Python expressions written by
 * anybody. A backtracking matcher would let one of them run for ever or eat the
 * stack, so this one runs all alternatives side by side (Thompson's way): the
 * time is at most |program| * |text|. Only "does it match?" is asked, hence
 * greedy and lazy are the same and groups capture nothing.
 *
 * Understood: literals, `.`, escapes of punctuation, \d \w \s \D \W \S, classes
 * [...], groups (...) and (?:...), |, *, +, ?, {m}, {m,}, {m,n}, ^, $.
 * Everything else (look-around, back-references, flags) is refused.
 */
#ifndef MOELORA_RUNTIME_PATTERN_H
#define MOELORA_RUNTIME_PATTERN_H

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace moelora {

class Pattern {
public:
  /// Fails when `text` is malformed, too long or not understood.
  explicit Pattern(std::string_view text);

  /// Whether the whole of `text` matches.
  bool matches(std::string_view text) const;

  /// Longer patterns are refused; real ones have about 20 characters.
  static constexpr size_t maxLength = 1024;

private:
  friend class PatternParser;
  using Set = std::bitset<256>;

  struct Instruction {
    enum Kind : uint8_t { Characters, Split, Jump, Begin, End } kind;
    int32_t set = 0;    ///< Characters: which of `sets`
    int32_t first = 0;  ///< Split, Jump: distance to the next instruction
    int32_t second = 0; ///< Split: distance to the other one
  };
  /// Distances are relative, so that pieces can be copied and joined.
  using Program = std::vector<Instruction>;

  std::vector<Set> sets;
  Program program;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_PATTERN_H
