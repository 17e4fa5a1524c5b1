// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel that makes the plan of a batch, alone on the emulator: that of the
// plan, or that of a shrink, which makes the plan of a small batch.
#ifndef MOELORA_TEST_EMULATOR_PLANNEDKERNEL_H
#define MOELORA_TEST_EMULATOR_PLANNEDKERNEL_H

#include "moelora/runtime/RunStats.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace moelora::test {

struct PlanShape {
  int32_t experts, slots, topK;
  int64_t tile; // its tokens
  bool inShrink = false;
};

/// What a plan is made of.
struct PlanBatch {
  std::vector<int32_t> expertIds; // [tokens, topK]
  std::vector<int32_t> numbers;   // [tokens], of slots
  int32_t validTokens;
};

/// The arrays of a plan. Elements that the kernel has not written are -1.
struct Planned {
  using Tile = std::array<int32_t, 4>; // expert, first row, rows, 0
  /// The first row, the one behind the last, and the slot and the expert that
  /// the pair of the down projection is of; without a pair both are -1.
  using Segment = std::array<int32_t, 4>;
  // A plan that a shrink makes has a segment for every row.
  std::vector<int32_t> rowPair, pairRow, rowSegment; // [pairs]
  std::vector<Tile> tiles;
  std::vector<Segment> segments; // [pairs], by first row
  std::vector<int32_t> counters; // of tokens
  int32_t rows = -1;
  uint64_t dropped = 0;
};

/// Compiles the kernel and runs it. `options` are those of the emulator.
Planned planOnEmulator(const PlanShape &shape, const PlanBatch &batch,
                       const std::string &options);

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_PLANNEDKERNEL_H
