// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shrink of the down projection in the epilogue that makes its input. A
// thread block has some features of an activation, and adds their part of every
// product; the last block of a tile of rows to arrive adds the parts:
//
//   for each segment of the tile, for each page:
//     16 ranks x the rows: each warp multiplies its features
//     the sum of the warps, in order, is stored as a part
//   fence;  counter of the tile += 1; is this block the last?  fence
//   if so: for each row: add the parts in order, scale, round once
//
// It takes the place of a launch, and gives the bits that the kernel of its own
// (Shrink) gives.
#ifndef MOELORA_CODEGEN_GPU_PARTIALSHRINK_H
#define MOELORA_CODEGEN_GPU_PARTIALSHRINK_H

#include "gpu/MatmulTile.h"
#include "gpu/ShrinkOperands.h"

namespace moelora::codegen {

/// The activations of a lane as second factors of mma, by token block, and then
/// by block of 16 features.
using ActivationFactors = llvm::SmallVector<Registers<2>>;

/// The four sums of each lane of each warp, for each token block.
inline int64_t partialShrinkSharedBytes(const TileShape &shape) {
  return shape.threads() * shape.tokenBlocks() * 16;
}

/// After the stores of the activation. The threads of the block are together
/// at its end if it has used shared memory.
void emitPartialShrink(MatmulTile &tile, const ShrinkOperands &operands,
                       const ActivationFactors &factors);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PARTIALSHRINK_H
