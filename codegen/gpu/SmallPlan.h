// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan of a small batch, which every thread block of its first consumer
// makes for itself in shared memory. No kernel of the plan runs before, and no
// block waits for another one. Rows are in the same order as those of
// PlanKernel:
//
//   count   for each pair: its place among the pairs of its expert, in any
//           order
//   sum     the first row and the first tile of each expert
//   collect the keys (slot, pair) of each expert, by place; the tiles
//   rank    for each pair: its row is the first one of the expert, plus the
//           number of lower keys of the expert
//   store   the arrays for later kernels: block 0 stores the order of rows and
//           the tiles, all blocks store the segments
//
// A segment is stored for every row. So every row has one that is right even if
// the step ends while the kernel runs, and blocks see different slots.
#ifndef MOELORA_CODEGEN_GPU_SMALLPLAN_H
#define MOELORA_CODEGEN_GPU_SMALLPLAN_H

#include "gpu/PlanInput.h"
#include "gpu/PlanWriter.h"

namespace moelora::codegen {

class SmallPlan : public PlanView {
public:
  SmallPlan(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan);

  /// Makes the plan. The threads of the block are together at its end.
  void make();
  /// The shared memory that it keeps, from the first byte.
  int64_t keptBytes() const { return kept; }
  /// The shared memory that `make` uses.
  int64_t sharedBytes() const { return all; }

  Int tiles() override { return tileCount; }
  Tile tile(Int index) override;
  Int pairOfRow(Int row) override;
  Ptr segment(Int row) override { return rowAt(row); }
  Int segmentEnd(Ptr row) override;
  Pair pair(Ptr row, int64_t projection) override;

private:
  void forPairs(llvm::function_ref<void(Int, mlir::Value)> body);
  void clear();
  void count();
  void collect();
  void rank();
  void store();
  void storeSegments();

  int64_t take(int64_t numbers) {
    int64_t offset = all;
    all += 4 * numbers;
    return offset;
  }
  /// Calls `body(index)` for each index in [0, end) that is this thread's.
  void strided(Int end, llvm::function_ref<void(Int)> body) {
    code.loop(thread, end, kernel.threads(), body);
  }
  Ptr at(int64_t array, Int index) { return shared + array + index * 4; }
  Int load(int64_t array, Int index) {
    return code.loadNumber(at(array, index));
  }
  Ptr rowAt(Int row) { return shared + rows + row * rowBytes; }
  Int slotOf(Ptr row);
  mlir::Value isFirstBlock() { return code.equal(code.block(), code.i32(0)); }

  Kernel &kernel;
  KernelCode &code;
  PlanInput input;
  PlanWriter writer;
  std::optional<PairReader> pairs;
  Ptr shared;
  Int thread, tileTokens, tileCount{}, rowCount{};
  // Arrays in shared memory, as offsets in bytes. The first two are kept.
  int64_t all = 0, rowBytes, tileWords, rows, kept;
  int64_t expertRows, expertBegin, expertTiles, places, keys;
};

/// The plan that a kernel reads, and the shared memory of the kernel that it
/// takes.
struct KernelPlan {
  std::unique_ptr<PlanView> view;
  int64_t keptBytes = 0;   // from the first byte on, for the whole kernel
  int64_t sharedBytes = 0; // at the beginning
};
/// The plan that a kernel before has stored, or one that the kernel makes.
KernelPlan createKernelPlan(GpuLowering &lowering, Kernel &kernel,
                            const GpuPlan &plan, bool isMade);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_SMALLPLAN_H
