// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiles that moelora-schedule can choose for a GPU.

#ifndef MOELORA_PASSES_TILES_H
#define MOELORA_PASSES_TILES_H

#include "moelora/dialect/Ops.h"
#include "moelora/support/Targets.h"

namespace moelora {

/// The tokens of all tiles, ascending.
llvm::ArrayRef<int64_t> tileTokens();

/// The bytes of an element that a shrink or a grouped_matmul copies to shared
/// memory.
int64_t elementBytes(mlir::Operation *op);

/// The tile of a plan, a shrink or a grouped_matmul with this number of tokens,
/// one of tileTokens(). The set of tiles is fixed. A cost model that chooses by
/// the sizes of `op` and by the GPU would replace this function.
TileAttr chooseTile(mlir::Operation *op, int64_t tokens,
                    const GpuArchitecture &gpu);

/// The tokens of the tiles of a shrink that the epilogue of the op which makes
/// its input shall compute.
llvm::SmallVector<int64_t> chooseEpilogueTokens(ShrinkOp op);

} // namespace moelora

#endif // MOELORA_PASSES_TILES_H
