// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tile of a matmul that a thread block computes: weights are on the M side
// of mma, tokens on its N side.
//
//                 tokens
//          +-------+-------+
//          | warp 0| warp 2|   64 features x 64 tokens, 2 x 2 warps
// features +-------+-------+
//          | warp 1| warp 3|
//          +-------+-------+
#ifndef MOELORA_CODEGEN_GPU_TILESHAPE_H
#define MOELORA_CODEGEN_GPU_TILESHAPE_H

#include "mlir/IR/Operation.h"
#include <cstdint>

namespace moelora::codegen {

// The shape of mma.m16n8k16.
constexpr int64_t MmaRows = 16, MmaTokens = 8, MmaK = 16;

struct TileShape {
  int64_t tokens, features;
  int64_t featureWarps, tokenWarps;
  int64_t stages;         // of the ring in shared memory
  int64_t stageSteps = 1; // K steps that arrive together

  /// The K step: a row of 128 bytes.
  static constexpr int64_t K = 64, RowBytes = 128;

  constexpr int64_t threads() const { return 32 * featureWarps * tokenWarps; }
  constexpr int64_t warpFeatures() const { return features / featureWarps; }
  constexpr int64_t warpTokens() const { return tokens / tokenWarps; }
  /// Blocks of 16 features and of 8 tokens of a warp.
  constexpr int64_t featureBlocks() const { return warpFeatures() / MmaRows; }
  constexpr int64_t tokenBlocks() const { return warpTokens() / MmaTokens; }
  constexpr int64_t stepBytes() const { return (features + tokens) * RowBytes; }
  constexpr int64_t ringSteps() const { return stages * stageSteps; }
  constexpr int64_t ringBytes() const { return ringSteps() * stepBytes(); }
};

/// The shapes of an op's schedule, by ascending number of tokens. Fails with a
/// diagnostic at a missing schedule, and at a tile that kernels do not have.
mlir::FailureOr<llvm::SmallVector<TileShape>> tileShapesOf(mlir::Operation *op,
                                                           int64_t slices);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_TILESHAPE_H
