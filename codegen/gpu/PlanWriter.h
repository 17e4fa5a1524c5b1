// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the arrays of a plan for the kernels that follow.
#ifndef MOELORA_CODEGEN_GPU_PLANWRITER_H
#define MOELORA_CODEGEN_GPU_PLANWRITER_H

#include "gpu/PairReader.h"

namespace moelora::codegen {

class PlanWriter {
public:
  PlanWriter(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan);

  void counts(Int rows, Int tiles);
  /// A tile, and its counter.
  void tile(Int index, const PlanView::Tile &tile);
  /// The row of a pair, and its segment.
  void place(Int pair, Int row, Int segment);
  void drop(Int pair);
  /// The segment of rows [begin, end).
  void segment(Int begin, Int end, Int expert, Int slot);
  /// Sets the counters of tokens to zero. All threads of the grid take part.
  void clearCounters();

private:
  const GpuPlan &plan;
  Kernel &kernel;
  KernelCode &code;
  Ptr rowPair, pairRow, countsAt, tiles;
  Ptr rowSegment{}, segments{}, tileCounters{};
  std::optional<PairReader> pairs;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PLANWRITER_H
