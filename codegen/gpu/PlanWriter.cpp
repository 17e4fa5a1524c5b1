// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/PlanWriter.h"

using namespace mlir;

namespace moelora::codegen {

PlanWriter::PlanWriter(GpuLowering &lowering, Kernel &kernel,
                       const GpuPlan &plan)
    : plan(plan), kernel(kernel), code(kernel.code),
      rowPair(kernel.region(plan.rowPair, plan.perPair(4))),
      pairRow(kernel.region(plan.pairRow, plan.perPair(4))),
      countsAt(kernel.region(plan.counts, {plan_counts::Bytes, 0})),
      tiles(kernel.region(plan.tiles, plan.tileRegion())) {
  if (plan.hasSegments()) {
    rowSegment = kernel.region(plan.rowSegment, plan.perPair(4));
    segments = kernel.region(plan.segments, plan.segmentRegion());
    pairs.emplace(lowering, kernel, plan);
  }
  if (plan.countsTiles)
    tileCounters = kernel.region(plan.tileCounters, plan.tileCounterRegion());
}

void PlanWriter::counts(Int rows, Int tiles) {
  code.store(rows, countsAt + plan_counts::Rows);
  code.store(tiles, countsAt + plan_counts::Tiles);
}

void PlanWriter::tile(Int index, const PlanView::Tile &tile) {
  code.store(code.pack({tile.expert.value, tile.begin.value, tile.rows.value,
                        code.i32(0).value}),
             tiles + index * plan_tile::Bytes, 16);
  if (plan.countsTiles)
    code.store(code.i32(0), tileCounters + index * 4);
}

void PlanWriter::place(Int pair, Int row, Int segment) {
  code.store(pair, rowPair + row * 4);
  code.store(row, pairRow + pair * 4);
  if (plan.hasSegments())
    code.store(segment, rowSegment + row * 4);
}

void PlanWriter::drop(Int pair) {
  code.store(code.i32(-1), pairRow + pair * 4);
}

void PlanWriter::segment(Int begin, Int end, Int expert, Int slot) {
  Int image = pairs->imageOf(slot);
  Ptr to = segments + code.toI64(begin) * plan.segmentBytes();
  code.store(begin, to + plan_segment::Begin);
  code.store(end, to + plan_segment::End);
  for (int64_t projection : plan.projections) {
    PlanView::Pair pair = pairs->pairOf(image, expert, projection);
    Ptr at = to + plan.pairOffset(projection);
    code.store(pair.a, at + plan_segment::A);
    code.store(pair.b, at + plan_segment::B);
    code.store(pair.pages, at + plan_segment::Pages);
    code.store(pair.scale, at + plan_segment::Scale);
    code.store(pair.sharesA, at + plan_segment::SharesA);
  }
}

void PlanWriter::clearCounters() {
  if (!plan.countersPerToken)
    return;
  Named named(code, "clear");
  Ptr counters = kernel.region(plan.counters, plan.counterRegion());
  Int end = kernel.tokens() * plan.countersPerToken;
  Int threads = code.i32(kernel.threads()), step = code.blocks() * threads;
  Value start = (code.block() * threads + code.thread()).value;
  code.repeat(
      start, [&](ValueRange i) { return code.below({&code, i[0]}, end); },
      [&](ValueRange i) {
        Int index{&code, i[0]};
        code.store(code.i32(0), counters + index * 4);
        return Code::Values{(index + step).value};
      });
}

} // namespace moelora::codegen
