// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiles that moelora-schedule can choose for a GPU.

#ifndef MOELORA_PASSES_TILES_H
#define MOELORA_PASSES_TILES_H

#include "moelora/dialect/Ops.h"
#include "moelora/support/Targets.h"

namespace moelora {

/// The tokens of the largest tile of decoding, and of the smallest of prefill.
constexpr int64_t decodeTile = 16, prefillTile = 64;

/// The tokens of all tiles, ascending.
llvm::ArrayRef<int64_t> tileTokens();

/// The bytes of an element that a shrink or a grouped_matmul copies to shared
/// memory.
int64_t elementBytes(mlir::Operation *op);

/// The projections whose features a tile of a matmul divides among itself.
int64_t slicesOf(GroupedMatmulOp op);

/// The rows of an expert's weight, of all slices, which are the features of a
/// tile.
int64_t featuresOf(GroupedMatmulOp op);

/// The tile that was chosen by hand for a plan, a shrink or a grouped_matmul
/// with this number of tokens, one of tileTokens(). A tile that does not fit
/// has stages of 64 columns of K, then fewer stages, down to two, and then
/// fewer columns in each; every GPU holds two stages of 16 columns. The tiles
/// of a shrink fit every GPU, and so divide K in the same way.
TileAttr usualTile(mlir::Operation *op, int64_t tokens,
                   const GpuArchitecture &gpu);

/// The usual tile, and all others that code generation can emit for `op`
/// without spilling registers, and that fit the GPU.
llvm::SmallVector<TileAttr> candidateTiles(mlir::Operation *op, int64_t tokens,
                                           const GpuArchitecture &gpu);

/// Whether the cost model describes the kernels of `op`: a shrink, or a
/// grouped_matmul that runs on tensor cores.
bool isModelled(mlir::Operation *op);

/// The shrink of the rows that an activation makes, which its epilogue may
/// compute in small batches; null if there is none.
ShrinkOp shrinkAfter(GroupedMatmulOp matmul);

/// Whether the epilogue of a tile of `op` can compute the shrink of its rows,
/// if `first` is the tile of the fewest tokens. All tiles that do divide K in
/// the same way, so that they give the same bits.
bool takesShrink(GroupedMatmulOp op, TileAttr tile, TileAttr first);

/// The tokens of the tiles of a shrink that the epilogue of the op which makes
/// its input shall compute.
llvm::SmallVector<int64_t> chooseEpilogueTokens(ShrinkOp op);

/// The most pairs of a batch whose plan the first consumer makes; 0 if it
/// cannot. All consumers have their schedules.
int64_t chooseConsumerPairs(PlanOp plan, const GpuArchitecture &gpu);

} // namespace moelora

#endif // MOELORA_PASSES_TILES_H
