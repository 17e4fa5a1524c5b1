// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a plan is made of: the pairs of a batch, and how many rows each expert
// has.
#ifndef MOELORA_CODEGEN_GPU_PLANINPUT_H
#define MOELORA_CODEGEN_GPU_PLANINPUT_H

#include "gpu/GpuLowering.h"

namespace moelora::codegen {

/// The pairs of a batch.
class PlanInput {
public:
  PlanInput(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan);

  /// The expert of a pair, any number if its id is out of range, and -1 if the
  /// pair is not valid.
  Int expertOf(Int pair, mlir::Value valid);
  mlir::Value hasExpert(Int expert) {
    return code.below(expert, code.i32(plan.experts));
  }
  /// -1 if the token of the pair has no adapter.
  Int slotOf(Int pair);
  /// Counts ids that are neither -1 nor of an expert without weights in the
  /// run's statistics. All lanes of a warp take part.
  void countDropped(Int pair, Int expert, mlir::Value valid);

private:
  const GpuPlan &plan;
  Kernel &kernel;
  KernelCode &code;
  mlir::Value hasSlots;
  Ptr ids{}, numbers{};

public:
  Int pairs, allPairs; // of valid tokens, and of all tokens
};

/// Numbers of each expert, in shared memory.
struct ExpertNumbers {
  Ptr rows;         // [experts]
  Ptr begin, tiles; // [experts + 1], the first row and the first tile
};

/// Computes the first row and the first tile of each expert from the rows, in
/// one warp. Behind the last expert are the numbers of rows and tiles.
void sumExperts(KernelCode &code, const GpuPlan &plan,
                const ExpertNumbers &experts, Int tile);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PLANINPUT_H
