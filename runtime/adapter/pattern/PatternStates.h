/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs all alternatives of all programs in parallel (Thompson's algorithm), and
 * caches the sets of alternatives that occur: after a few names, a character
 * takes one table look-up.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERNSTATES_H
#define MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERNSTATES_H

#include "adapter/pattern/PatternParser.h"

#include <array>
#include <unordered_map>

namespace moelora {

/// The remaining time for hostile patterns, in steps.
class PatternBudget {
public:
  /// All steps together take about a second.
  static constexpr uint64_t maxSteps = uint64_t(1) << 25;

  /// Counts steps, and fails if there are too many.
  void spend(uint64_t steps, Work &work) {
    work.step(steps);
    spent += steps;
    if (spent > maxSteps)
      fail("expects patterns that are decided within " +
           std::to_string(maxSteps) + " steps, but these take more");
  }

private:
  uint64_t spent = 0;
};

class PatternStates {
public:
  /// Adds a program. `index` is the result if it matches. Indices must ascend.
  void add(const PatternProgram &added, int64_t index);

  bool empty() const { return begins.empty(); }

  /// The smallest index of a program that matches the whole of `text`, or -1.
  int64_t firstMatch(std::string_view text, PatternBudget &budget, Work &work);

  std::vector<CharacterSet> classes; ///< of the programs

private:
  using Positions = std::vector<int32_t>;
  struct PositionsHash {
    size_t operator()(const Positions &positions) const;
  };

  /// A set of possible positions, and its successors.
  struct State {
    const Positions *positions;
    int64_t match; ///< the result if the text begins here
    std::array<int32_t, 256> next;
  };

  /// Limits the steps of matching one text.
  struct Cost {
    PatternBudget &budget;
    Work &work;
    void spend(uint64_t steps) const { budget.spend(steps, work); }
  };

  void restart(const Cost &cost);
  Positions expand(const Positions &from, bool atBegin, const Cost &cost);
  void follow(int32_t from, bool atBegin, const Cost &cost, Positions &to);
  int32_t enter(const Positions &positions, const Cost &cost);
  int32_t advance(int32_t state, unsigned char c, const Cost &cost);
  bool takes(int32_t position, unsigned char c) const;
  int64_t matchOf(const Positions &positions) const;

  PatternProgram program; ///< all of them, each ends in Match
  Positions begins;       ///< of each program

  // The cached states. State 0 is the end of a text.
  std::unordered_map<Positions, int32_t, PositionsHash> known;
  std::vector<State> states;
  std::vector<uint64_t> seen; ///< by position: the last expansion
  uint64_t expansions = 0;
  Positions pending; ///< of one expansion
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERNSTATES_H
