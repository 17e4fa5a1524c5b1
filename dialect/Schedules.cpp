// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constraints of schedules; labels are those of the descriptions of the
// attributes.

#include "VerifyShapes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moelora;

// The largest numbers that a thread block can have.
static constexpr int64_t maxTokens = 128, maxWarps = 32, maxStages = 8;
static constexpr int64_t maxSplit = 8, maxAccumulators = 192;

/// (C1), (C2)
static LogicalResult
verifyPowerOfTwo(function_ref<InFlightDiagnostic()> emitError, StringRef name,
                 int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most && llvm::isPowerOf2_64(value))
    return success();
  return emitError() << "expects " << name << " to be a power of two in ["
                     << least << ", " << most << "], but it is " << value;
}

/// (C4), (C5), (C6)
static LogicalResult
verifyMultiple(function_ref<InFlightDiagnostic()> emitError, StringRef name,
               int64_t value, int64_t factor) {
  if (value > 0 && value <= maxSize && value % factor == 0)
    return success();
  return emitError() << "expects " << name << " to be a positive multiple of "
                     << factor << " and at most " << maxSize << ", but it is "
                     << value;
}

LogicalResult TileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t tokens, int64_t features, int64_t k,
                               int64_t featureWarps, int64_t tokenWarps,
                               int64_t splitK, int64_t stages) {
  if (failed(verifyPowerOfTwo(emitError, "tokens", tokens, 8, maxTokens)))
    return failure(); // (C1)
  if (failed(verifyPowerOfTwo(emitError, "split_k", splitK, 1, maxSplit)))
    return failure(); // (C2)
  auto isCount = [](int64_t warps) { return warps > 0 && warps <= maxWarps; };
  if (!isCount(featureWarps) || !isCount(tokenWarps) ||
      featureWarps * tokenWarps * splitK > maxWarps)
    return emitError() << "expects positive numbers of warps and at most "
                       << maxWarps << " in all groups, but they are "
                       << featureWarps << " x " << tokenWarps << " in "
                       << splitK; // (C3)
  if (failed(
          verifyMultiple(emitError, "features", features, 16 * featureWarps)))
    return failure(); // (C4)
  if (failed(verifyMultiple(emitError, "tokens", tokens, 8 * tokenWarps)))
    return failure(); // (C5)
  if (failed(verifyMultiple(emitError, "k", k, 16)))
    return failure(); // (C6)
  if (failed(verifySize(emitError, "stages", stages, 1, maxStages)))
    return failure(); // (C7)
  int64_t accumulators = tokens * features / (32 * featureWarps * tokenWarps);
  if (accumulators <= maxAccumulators)
    return success();
  return emitError() << "expects at most " << maxAccumulators
                     << " accumulators in a lane, but there are "
                     << accumulators; // (C8)
}

/// (C3): sums of one row in the order of the first tile.
static LogicalResult
verifyOneOrder(function_ref<InFlightDiagnostic()> emitError,
               ArrayRef<TileAttr> tiles) {
  TileAttr first = tiles.front();
  for (TileAttr tile : tiles.drop_front()) {
    if (tile.getSplitK() == first.getSplitK() &&
        (tile.getSplitK() == 1 || tile.getK() == first.getK()))
      continue;
    return emitError() << "expects the tiles of a schedule with the order k to "
                          "divide K in the same way, but the tile of "
                       << first.getTokens() << " tokens has split_k "
                       << first.getSplitK() << " and k " << first.getK()
                       << ", and that of " << tile.getTokens()
                       << " tokens has split_k " << tile.getSplitK()
                       << " and k " << tile.getK();
  }
  return success();
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   Strategy, ReductionOrder order,
                                   ArrayRef<TileAttr> tiles) {
  if (tiles.empty())
    return emitError() << "expects a tile, but there is none"; // (C1)
  for (auto [tile, next] : llvm::zip(tiles, tiles.drop_front()))
    if (tile.getTokens() >= next.getTokens())
      return emitError() << "expects tiles with strictly ascending tokens, but "
                         << next.getTokens() << " follows "
                         << tile.getTokens(); // (C2)
  if (order == ReductionOrder::K)
    return verifyOneOrder(emitError, tiles); // (C3)
  return success();
}

LogicalResult
CpuScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        int64_t rows, int64_t group) {
  if (group >= 1 && rows >= 1 && rows <= maxSize && rows % group == 0)
    return success();
  return emitError() << "expects rows to be a positive multiple of group and "
                        "at most "
                     << maxSize << ", but rows is " << rows << " and group is "
                     << group; // (C1)
}
