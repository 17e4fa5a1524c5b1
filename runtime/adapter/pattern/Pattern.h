/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Regular expressions of adapter_config.json, matched in bounded time.
 *
 * The keys of rank_pattern and alpha_pattern are Python expressions written by
 * anybody, and some files have one for each of 18,432 modules. A backtracking
 * matcher would let one of them run for ever or eat the stack, so this one runs
 * all alternatives of all expressions side by side (Thompson's way), and
 * remembers the sets of alternatives that it met: after a few names, a
 * character costs one look into a table.
 *
 * Texts are read from their end. The expressions begin with "any modules
 * before": from the front, everything would stay possible until the end.
 *
 * Only "which is the first that matches?" is asked, hence greedy and lazy are
 * the same and groups capture nothing. Understood: literals, `.`, escapes of
 * punctuation, \d \w \s \D \W \S, classes [...], groups (...) and (?:...), |,
 * *, +, ?, {m}, {m,}, {m,n}, ^, $. Everything else (look-around,
 * back-references, flags) is refused.
 */
#ifndef MOELORA_RUNTIME_PATTERN_H
#define MOELORA_RUNTIME_PATTERN_H

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace moelora {

class Patterns {
public:
  /// Fails when `text` is malformed, too long or not understood.
  void add(std::string_view text);

  size_t size() const { return ends.size(); }

  /// Index of the first pattern that matches the whole of `text`, or -1. Not
  /// for several threads: it remembers what it met.
  int64_t firstMatch(std::string_view text) const;

  /// Longer patterns are refused; real ones have about 20 characters.
  static constexpr size_t maxLength = 1024;

private:
  friend class PatternParser;
  using Set = std::bitset<256>;

  struct Instruction {
    enum Kind : uint8_t { Characters, Split, Jump, Begin, End, Match } kind;
    int32_t set = 0;    ///< Characters: which of `sets`
    int32_t first = 0;  ///< Split, Jump: distance to the next instruction
    int32_t second = 0; ///< Split: distance to the other one
  };
  /// Distances are relative, so that pieces can be copied and joined.
  using Program = std::vector<Instruction>;

  /// Positions that are possible, and what they lead to.
  struct State {
    const std::vector<int32_t> *positions;
    int64_t match; ///< the answer if the text begins here
    std::array<int32_t, 256> next;
  };
  /// What was met so far. State 0 is the text's end.
  struct Memory {
    std::map<std::vector<int32_t>, int32_t> known;
    std::vector<State> states;
    std::vector<uint64_t> seen; ///< by position: the last expansion
    uint64_t expansions = 0;
    uint64_t work = 0; ///< positions looked at, ever
  };

  void restart() const;
  std::vector<int32_t> expand(std::vector<int32_t> pending, bool atEnd,
                              bool atBegin) const;
  int32_t enter(const std::vector<int32_t> &positions, bool atEnd) const;
  int32_t advance(int32_t state, unsigned char c) const;

  std::vector<Set> sets;
  Program program;           ///< all of them, each ends in Match
  std::vector<int32_t> ends; ///< of each pattern in `program`

  mutable Memory memory;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_PATTERN_H
