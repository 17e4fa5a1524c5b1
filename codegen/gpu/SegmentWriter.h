// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Follows a slot to the pairs of its adapter, once for a segment of rows: the
// word that the step has read, the image, the table of projections, the pair.
#ifndef MOELORA_CODEGEN_GPU_SEGMENTWRITER_H
#define MOELORA_CODEGEN_GPU_SEGMENTWRITER_H

#include "gpu/GpuLowering.h"

namespace moelora::codegen {

class SegmentWriter {
public:
  SegmentWriter(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan);

  /// Writes the segment of rows [begin, end). A slot without an image has no
  /// pages of any projection, and so has slot -1.
  void write(Int begin, Int end, Int expert, Int slot);

private:
  Int imageOf(Int slot); // its address, or 0
  void writePair(Int image, Int expert, int64_t projection, Ptr to);

  const GpuPlan &plan;
  KernelCode &code;
  Ptr segments, words;
  Int layer;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_SEGMENTWRITER_H
