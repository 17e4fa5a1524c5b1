/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compiles a regular expression to a small program. A program reads texts from
 * their end, so the last element of the expression comes first.
 *
 * The only result is whether a text matches, so greedy and lazy are the same
 * and groups capture nothing. Supported are literals, `.`, escapes of
 * punctuation, \d \w \s \D \W \S, classes [...], groups (...) and (?:...), |,
 * *, +, ?, {m}, {m,}, {m,n}, ^, $. Everything else (look-around,
 * back-references, flags) is refused.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERNPARSER_H
#define MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERNPARSER_H

#include "base/Work.h"

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace moelora {

/// Characters of a class.
using CharacterSet = std::bitset<256>;

struct PatternInstruction {
  enum Kind : uint8_t { Byte, Any, Class, Split, Jump, Begin, End, Match } kind;
  int32_t value = 0;  ///< the byte; which of the classes; which pattern matches
  int32_t first = 0;  ///< Split, Jump: distance to the next instruction
  int32_t second = 0; ///< Split: distance to the other one
};

/// Distances are relative, so that programs can be copied and joined.
using PatternProgram = std::vector<PatternInstruction>;

inline PatternInstruction splitTo(int64_t first, int64_t second) {
  return {PatternInstruction::Split, 0, static_cast<int32_t>(first),
          static_cast<int32_t>(second)};
}
inline PatternInstruction jumpTo(int64_t distance) {
  return {PatternInstruction::Jump, 0, static_cast<int32_t>(distance), 0};
}

/// Fails if `text` is malformed or not supported. Adds its classes to
/// `classes`. The time is bounded by the length of the text and of the program.
PatternProgram parsePattern(std::string_view text,
                            std::vector<CharacterSet> &classes, Work &work);

/// Limits the size of a program, whatever {m,n} requires, and thereby the time.
constexpr size_t maxPatternProgram = 4096;

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERNPARSER_H
