// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of a grouped matmul, which do not depend on the tile.
#ifndef MOELORA_CODEGEN_GPU_MATMULOPERANDS_H
#define MOELORA_CODEGEN_GPU_MATMULOPERANDS_H

#include "gpu/GpuLowering.h"
#include "gpu/TileShape.h"

namespace moelora::codegen {

/// How the rows of a matmul's input are stored.
enum class RowOrder { Token, Pair, Plan };

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
  RegionSize shrunkRegion;
  bool gathersShrunk = false; // they have a row for each token
  int64_t ranks = 0;          // of a shrunk row and slice

  /// Products of 16-bit elements run on tensor cores.
  bool usesMma() const { return weightElement == element; }
  int64_t weightPitch() const;
  int64_t tileFeatures(const TileShape &shape) const {
    return shape.features / slices;
  }
  int64_t featureTiles(const TileShape &shape) const;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_MATMULOPERANDS_H
