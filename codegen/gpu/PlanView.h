// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan, as kernels read it.
#ifndef MOELORA_CODEGEN_GPU_PLANVIEW_H
#define MOELORA_CODEGEN_GPU_PLANVIEW_H

#include "gpu/Plan.h"

namespace moelora::codegen {

/// The tiles, rows and segments of a plan, in a kernel that reads them.
class PlanView {
public:
  explicit PlanView(const GpuPlan &plan) : plan(plan) {}
  virtual ~PlanView() = default;

  struct Tile {
    Int expert, begin, rows;
  };
  struct Pair {
    Int a, b;    // addresses
    Int pages;   // of ranks
    Int sharesA; // 1 or 0
    mlir::Value scale;
  };

  virtual Int tiles() = 0;
  virtual Tile tile(Int index) = 0;
  virtual Int pairOfRow(Int row) = 0;
  /// The segment of a row.
  virtual Ptr segment(Int row) = 0;
  virtual Int segmentEnd(Ptr segment) = 0;
  virtual Pair pair(Ptr segment, int64_t projection) = 0;

  const GpuPlan &plan;
};

/// The arrays that a kernel before has written.
class StoredPlan : public PlanView {
public:
  StoredPlan(Kernel &kernel, const GpuPlan &plan);

  Int tiles() override;
  Tile tile(Int index) override;
  Int pairOfRow(Int row) override;
  Ptr segment(Int row) override;
  Int segmentEnd(Ptr segment) override;
  Pair pair(Ptr segment, int64_t projection) override;

  Int rowOfPair(Int pair); // -1: the pair is dropped
  /// Counter `index` of a token.
  Ptr counter(Int token, Int index);
  Ptr tileCounter(Int tile);

  KernelCode &code;

private:
  Ptr rowPair, pairRow, counts, tileRows;
  Ptr rowSegment{}, segments{}, counters{}, tileCounters{};
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PLANVIEW_H
