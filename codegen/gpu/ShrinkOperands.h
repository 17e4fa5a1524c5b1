// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of a shrink, for the kernel of its own and for the epilogue that
// computes it in small batches. Both give the same bits, because both add the
// blocks of 16 elements of K in the same order.
#ifndef MOELORA_CODEGEN_GPU_SHRINKOPERANDS_H
#define MOELORA_CODEGEN_GPU_SHRINKOPERANDS_H

#include "gpu/GpuLowering.h"
#include "gpu/MatmulOperands.h"

namespace moelora::codegen {

/// The order in which the blocks of K are added:
///
///   part   blocks one after another, in the accumulators of mma
///   group  parts in order
///   quarter  groups in order
///   sum    four quarters in order
///
/// A group is the range of features of a thread block whose epilogue computes
/// a shrink, and a part that of one of its warps.
struct ShrinkOrder {
  static constexpr int64_t Quarters = 4;

  int64_t groups = 0; // all of them
  int64_t parts = 1;  // of a group
  int64_t blocks = 1; // of a part

  /// Whether a quarter is one chain of blocks in the accumulators of mma. This
  /// is the order of an op that no epilogue computes.
  bool isChain() const { return parts * blocks == 1; }
  /// Blocks beyond the last one count as zero.
  int64_t allBlocks() const { return groups * parts * blocks; }
  int64_t groupsPerQuarter() const {
    return (groups + Quarters - 1) / Quarters;
  }
};

/// The order of an op, or failure with a diagnostic if the tiles of its
/// epilogue do not have one order.
mlir::FailureOr<ShrinkOrder> shrinkOrderOf(ShrinkOp op);
/// Emits a diagnostic for an op that has no lowering.
mlir::LogicalResult verifyShrink(GpuLowering &lowering, ShrinkOp op);

struct ShrinkOperands {
  /// The op has been verified.
  ShrinkOperands(GpuLowering &lowering, ShrinkOp op);

  const GpuPlan *plan;
  mlir::Type element;
  llvm::SmallVector<int64_t> projections;
  int64_t k, slices, ranks;
  RowOrder rows;
  /// Whether the result is stored in the order of the tokens, and not in that
  /// of the plan's rows.
  bool isOfTokens;
  ShrinkOrder order;
  int64_t pitch;         // of the input, in bytes
  int64_t input, result; // words

  RegionSize inputRegion() const {
    return {0, (rows == RowOrder::Token ? 1 : plan->topK) * pitch};
  }
  RegionSize resultRegion() const { return plan->perPair(slices * ranks * 2); }
};

/// The position in its page of the rank that the sums 0 and 1 of a lane are of.
/// The rank of the sums 2 and 3 is stored 2 further. A page is stored in the
/// order in which `expand` reads it: the ranks of a lane next to each other.
inline Int rankPosition(Int group) { return (group >> 1) * 4 + (group & 1); }

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_SHRINKOPERANDS_H
