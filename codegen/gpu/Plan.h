// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan of a batch in the memory of a GPU: the order of rows, tiles of rows
// of one expert, and segments of rows of one (expert, slot).
//
//   rows        0  1  2  3  4  5  6  7      sorted by expert, slot, pair
//   expert      0  0  0  0  0  2  2  3
//   slot       -1 -1  1  1  4 -1  0 -1
//   rowSegment  0  0  2  2  4  5  6  7      the first row of the segment
//   tiles       of 4 rows: {0, 0, 4} {0, 4, 1} {2, 5, 2} {3, 7, 1}
//
// The segment that begins at a row is at this index of the segments, so no
// kernel has to count them. In a plan that a consumer makes (SmallPlan), every
// row has a segment at its own index, from the row to the last one of the same
// expert and slot.
#ifndef MOELORA_CODEGEN_GPU_PLAN_H
#define MOELORA_CODEGEN_GPU_PLAN_H

#include "gpu/Kernel.h"

namespace moelora::codegen {

/// The largest number of choices of a token: one for each lane of a warp.
constexpr int64_t MostChoices = WarpLanes;

// The layout of the plan's arrays.
namespace plan_counts {
constexpr int64_t Rows = 0, Tiles = 4, Bytes = 8;
}
namespace plan_tile {
constexpr int64_t Expert = 0, Begin = 4, Rows = 8, Bytes = 16;
}
namespace plan_segment {
constexpr int64_t Begin = 0, End = 4, Pairs = 16;
/// Addresses of A and B, whole pages of ranks, the scale, and 1 if A is that of
/// the projection before.
constexpr int64_t A = 0, B = 8, Pages = 16, Scale = 20, SharesA = 24,
                  PairBytes = 32;
} // namespace plan_segment

struct GpuPlan {
  int64_t experts = 0, slots = 0, topK = 0, zeroExperts = 0;
  /// The projections that segments have pairs of.
  llvm::SmallVector<int64_t> projections;
  int64_t mostPages = 0; // of ranks, of a pair
  /// Counters of each token, which the plan sets to zero, and the first one of
  /// each matmul that has some.
  int64_t countersPerToken = 0;
  llvm::DenseMap<mlir::Operation *, int64_t> firstCounter;
  /// Sums in f32 of each row, which a kernel keeps for itself: the rows of
  /// Combine, and the parts of PartialShrink.
  RegionSize scratchRegion;
  bool countsTiles = false; // has a counter of each tile
  /// The tile sizes in tokens, ascending, of which a run uses one.
  llvm::SmallVector<int64_t> tileTokens;
  bool hasIds = false;
  /// The kernel of the first consumer makes the plan of batches of up to this
  /// number of pairs. 0: there is none.
  int64_t consumerPairs = 0;
  mlir::Operation *consumer = nullptr;

  // Words of the frame.
  int64_t ids = 0, numbers = 0;                     // inputs
  int64_t rowPair = 0, pairRow = 0, rowSegment = 0; // i32, by index
  int64_t counts = 0, tiles = 0, segments = 0, counters = 0;
  int64_t tileCounters = 0, scratch = 0;
  int64_t tile = 0;       // the number of tokens of a tile in this run
  int64_t index = 0;      // of it in tileTokens
  int64_t inConsumer = 0; // 1 if a consumer makes the plan of this run, or 0

  bool hasSegments() const { return !projections.empty(); }
  RegionSize perPair(int64_t bytes) const { return {0, topK * bytes}; }
  /// There is at most one incomplete tile for each expert, and no tile is
  /// empty.
  RegionSize perTile(int64_t bytes) const;
  RegionSize tileRegion() const { return perTile(plan_tile::Bytes); }
  RegionSize tileCounterRegion() const { return perTile(4); }
  int64_t segmentBytes() const;
  RegionSize segmentRegion() const { return perPair(segmentBytes()); }
  RegionSize counterRegion() const { return {0, 4 * countersPerToken}; }
  /// The pair of a projection in a segment, as an offset.
  int64_t pairOffset(int64_t projection) const;
  /// At most this number of tiles in this run.
  Int mostTiles(Code &code, Ptr frame) const;
  /// Whether the kernel of `op` makes the plan of small batches.
  bool isMadeBy(mlir::Operation *op) const { return consumer == op; }
  /// Whether small batches have tiles of tileTokens[index].
  bool isOfSmallBatches(size_t index) const;
  /// Whether a consumer makes the plan of this run.
  mlir::Value isInConsumer(Code &code, Ptr frame) const;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PLAN_H
