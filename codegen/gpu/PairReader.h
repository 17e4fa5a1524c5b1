// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Follows a slot to the pairs of its adapter: the word that the step has read,
// the image, the table of projections, the pair.
#ifndef MOELORA_CODEGEN_GPU_PAIRREADER_H
#define MOELORA_CODEGEN_GPU_PAIRREADER_H

#include "gpu/GpuLowering.h"
#include "gpu/PlanView.h"

namespace moelora::codegen {

class PairReader {
public:
  PairReader(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan);

  /// The address of the image of a slot, or 0. Slot -1 has none.
  Int imageOf(Int slot);
  /// The pair of an expert and a projection. A slot without an image has no
  /// pages of any projection, and so has slot -1.
  PlanView::Pair pairOf(Int image, Int expert, int64_t projection);

private:
  const GpuPlan &plan;
  KernelCode &code;
  Ptr words;
  Int wordBytes, layer;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PAIRREADER_H
