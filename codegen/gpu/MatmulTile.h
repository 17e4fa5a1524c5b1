// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One output tile of a grouped matmul, as the building blocks of its kernel see
// it: which features of which expert, which rows of the plan, and where the
// accumulators of a lane lie.
//
// Accumulators are those of mma.m16n8k16. With g = lane / 4 and t = lane % 4,
// register i of (feature block m, token block n) of a warp is of
//
//   feature  16 m + g + 8 (i / 2)      of the warp's features of a slice
//   token     8 n + 2 t + i % 2        of the warp's tokens
//
// With two slices, the lower half of a warp's feature blocks are of gate, and
// the upper half are of up: the same register of both is of the same feature
// and token.
#ifndef MOELORA_CODEGEN_GPU_MATMULTILE_H
#define MOELORA_CODEGEN_GPU_MATMULTILE_H

#include "gpu/MatmulOperands.h"
#include "gpu/PlanView.h"

namespace moelora::codegen {

using Accumulators = llvm::SmallVector<mlir::Value>;

class MatmulTile {
public:
  /// The main loop and the epilogue use shared memory from `shared` on.
  MatmulTile(Kernel &kernel, const MatmulOperands &operands,
             const TileShape &shape, PlanView &plan, Ptr shared);

  /// Moves to a tile of the plan and a range of features.
  void select(Int tileIndex, Int featureTile);

  /// The accumulators of register `i`, as an index.
  size_t index(int64_t block, int64_t tokenBlock, int64_t i) const {
    return size_t((block * shape.tokenBlocks() + tokenBlock) * 4 + i);
  }
  int64_t blocksPerSlice() const {
    return shape.featureBlocks() / operands.slices;
  }
  /// The feature of a slice that row `half` * 8 of a block is of. The lane's
  /// own one is `group` further.
  Int blockFeature(int64_t block, int64_t half = 0);
  /// How far this feature is from that of block 0. Addresses are written as
  /// that of block 0 plus a constant, which an instruction contains.
  int64_t featureDistance(int64_t block, int64_t half = 0) const {
    return block % blocksPerSlice() * MmaRows + half * 8;
  }
  Int laneFeature(int64_t block, int64_t i) {
    return blockFeature(block, i / 2) + group;
  }
  /// The row of the tile of token 0 of a block.
  Int blockToken(int64_t tokenBlock);
  /// Whether rows [begin, end) of the tile, which touch the tokens of the warp,
  /// touch a block of them.
  mlir::Value touches(Int begin, Int end, int64_t tokenBlock);
  Int laneToken(int64_t tokenBlock, int64_t i) {
    return blockToken(tokenBlock) + quad * 2 + i % 2;
  }
  mlir::Value hasToken(Int token) { return code.less(token, rows); }
  /// The first feature that no tile before has. It is computed where it is
  /// needed, so that no register holds it during the main loop.
  Int ownFeature();
  /// Whether a feature is one of this tile: it exists, and no other tile has
  /// it.
  mlir::Value hasFeature(Int feature);
  /// Whether all features of all tiles exist, and every tile has its own.
  bool featuresAreWhole() const {
    return operands.n % operands.tileFeatures(shape) == 0;
  }
  /// Whether the last range of features is moved back, so that all of its
  /// features exist. It then computes some that another tile has.
  bool movesBack() const {
    return operands.n % MmaRows == 0 &&
           operands.n >= operands.tileFeatures(shape);
  }
  /// The row of the input that a row of the tile reads; rows beyond the last
  /// one read the last one.
  Int inputRow(Int token);

  Kernel &kernel;
  KernelCode &code;
  const MatmulOperands &operands;
  const TileShape &shape;
  PlanView &plan;
  Ptr shared;
  Int thread, lane, warp, group, quad;
  Int warpFeature, warpToken; // of a slice's features, and of the tile's rows
  Ptr input, weight;
  // The selected tile.
  Int number{};                  // of the plan's tiles
  Int range{};                   // of features
  Int expert{}, begin{}, rows{}; // rows of the plan
  Int feature{};                 // the first one, of a slice
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_MATMULTILE_H
