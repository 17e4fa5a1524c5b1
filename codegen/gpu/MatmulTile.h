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

#include "gpu/GpuLowering.h"
#include "gpu/TileShape.h"

namespace moelora::codegen {

/// How the rows of a matmul's input are stored.
enum class RowOrder { Token, Pair, Plan };

/// The operands of a grouped matmul, which do not depend on the tile.
struct MatmulOperands {
  MatmulOperands(GpuLowering &lowering, GroupedMatmulOp op);

  GroupedMatmulOp op;
  const GpuPlan *plan;
  mlir::Type element; // of the layer
  mlir::Type inputElement, weightElement;
  int64_t k, n, slices;
  RowOrder order;
  int64_t inputPitch; // bytes of a row
  RegionSize inputRegion;
  int64_t input, weight, bias = -1; // words
  // The delta.
  llvm::SmallVector<int64_t> projections; // by slice; empty: there is none
  int64_t shrunk = -1;                    // word
  int64_t ranks = 0;                      // of a shrunk row and slice

  /// Products of 16-bit elements run on tensor cores.
  bool usesMma() const { return weightElement == element; }
  int64_t weightPitch() const;
  int64_t tileFeatures(const TileShape &shape) const {
    return shape.features / slices;
  }
  int64_t featureTiles(const TileShape &shape) const;
};

using Accumulators = llvm::SmallVector<mlir::Value>;

class MatmulTile {
public:
  MatmulTile(Kernel &kernel, const MatmulOperands &operands,
             const TileShape &shape);

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
  Int laneFeature(int64_t block, int64_t i) {
    return blockFeature(block, i / 2) + group;
  }
  /// The row of the tile of token 0 of a block.
  Int blockToken(int64_t tokenBlock);
  Int laneToken(int64_t tokenBlock, int64_t i) {
    return blockToken(tokenBlock) + quad * 2 + i % 2;
  }
  mlir::Value hasToken(Int token) { return code.less(token, rows); }
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
  GpuPlanView plan;
  Ptr shared;
  Int thread, lane, warp, group, quad;
  Int warpFeature, warpToken; // of a slice's features, and of the tile's rows
  Ptr input, weight;
  // The selected tile.
  Int expert{}, begin{}, rows{}; // rows of the plan
  Int featureTile{};             // the range of features
  Int ownFeature{}, feature{};   // the first one that is its own, and of all
};

// The building blocks, in the order in which a kernel uses them.

/// Calls `body(i)` for i in [0, count), spread over the blocks of the grid.
void forTiles(KernelCode &code, Int count, llvm::function_ref<void(Int)> body);

/// Accumulators that are the bias of their feature, or zero.
Accumulators startWithBias(MatmulTile &tile);
Accumulators startWithZero(MatmulTile &tile);

/// Adds LoRA's B u to the accumulators. Values of rows without an
/// adapter are not touched.
Accumulators expandLora(MatmulTile &tile, Accumulators accumulators);

/// The main loop: adds W x. Both have the same contract: the accumulators
/// before in, those after out, and the threads of the block are together at its
/// end. `start` begins to read, so that work in between overlaps with it.
class MainLoop {
public:
  virtual ~MainLoop() = default;
  virtual void start(MatmulTile &tile) = 0;
  virtual Accumulators run(MatmulTile &tile, Accumulators accumulators) = 0;
  virtual int64_t sharedBytes() const = 0;
};
std::unique_ptr<MainLoop> createMmaLoop(MatmulTile &tile);
std::unique_ptr<MainLoop> createScalarLoop(MatmulTile &tile);
/// Adds sums that another kernel has stored at a word of the frame.
std::unique_ptr<MainLoop> createStoredLoop(MatmulTile &tile, int64_t sums);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_MATMULTILE_H
