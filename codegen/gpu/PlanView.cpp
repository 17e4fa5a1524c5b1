// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arrays of a plan, as kernels read them.

#include "gpu/Plan.h"

using namespace mlir;

namespace moelora::codegen {

RegionSize GpuPlan::perTile(int64_t bytes) const {
  int64_t least = tileTokens.front();
  return {experts * bytes, (topK + least - 1) / least * bytes};
}

int64_t GpuPlan::segmentBytes() const {
  return plan_segment::Pairs +
         int64_t(projections.size()) * plan_segment::PairBytes;
}

int64_t GpuPlan::pairOffset(int64_t projection) const {
  const auto *at = llvm::find(projections, projection);
  return plan_segment::Pairs +
         (at - projections.begin()) * plan_segment::PairBytes;
}

Int GpuPlan::mostTiles(Code &code, Ptr frame) const {
  Int pairs = code.loadInt(frame + Frame::Tokens) * topK;
  Int whole = pairs / code.loadInt(frame + tile);
  return whole + code.least(pairs, code.i64(experts));
}

GpuPlanView::GpuPlanView(Kernel &kernel, const GpuPlan &plan)
    : plan(plan), code(kernel.code),
      rowPair(kernel.region(plan.rowPair, plan.perPair(4))),
      pairRow(kernel.region(plan.pairRow, plan.perPair(4))),
      counts(kernel.region(plan.counts, {plan_counts::Bytes, 0})),
      tileRows(kernel.region(plan.tiles, plan.tileRegion())) {
  if (plan.hasSegments()) {
    rowSegment = kernel.region(plan.rowSegment, plan.perPair(4));
    segments = kernel.region(plan.segments, plan.segmentRegion());
  }
  if (plan.countersPerToken)
    counters = kernel.region(plan.counters, plan.counterRegion());
  if (plan.countsTiles)
    tileCounters = kernel.region(plan.tileCounters, plan.tileCounterRegion());
}

Int GpuPlanView::rows() {
  return code.loadConstantNumber(counts + plan_counts::Rows);
}
Int GpuPlanView::tiles() {
  return code.loadConstantNumber(counts + plan_counts::Tiles);
}

GpuPlanView::Tile GpuPlanView::tile(Int index) {
  Value all = code.loadConstant(code.vector(4),
                                tileRows + index * plan_tile::Bytes, 16);
  return {{&code, code.lane(all, plan_tile::Expert / 4)},
          {&code, code.lane(all, plan_tile::Begin / 4)},
          {&code, code.lane(all, plan_tile::Rows / 4)}};
}

Int GpuPlanView::pairOfRow(Int row) {
  return code.loadConstantNumber(rowPair + row * 4);
}
Int GpuPlanView::rowOfPair(Int pair) {
  return code.loadConstantNumber(pairRow + pair * 4);
}

Ptr GpuPlanView::segment(Int row) {
  Int first = code.loadConstantNumber(rowSegment + row * 4);
  return segments + code.toI64(first) * plan.segmentBytes();
}

Int GpuPlanView::segmentEnd(Ptr segment) {
  return code.loadConstantNumber(segment + plan_segment::End);
}

GpuPlanView::Pair GpuPlanView::pair(Ptr segment, int64_t projection) {
  Ptr at = segment + plan.pairOffset(projection);
  Type i64 = code.builder.getI64Type();
  return {
      {&code, code.loadConstant(i64, at + plan_segment::A)},
      {&code, code.loadConstant(i64, at + plan_segment::B)},
      code.loadConstantNumber(at + plan_segment::Pages),
      code.loadConstantNumber(at + plan_segment::SharesA),
      code.loadConstant(code.builder.getF32Type(), at + plan_segment::Scale)};
}

Ptr GpuPlanView::counter(Int token, Int index) {
  return counters + (token * plan.countersPerToken + index) * 4;
}
Ptr GpuPlanView::tileCounter(Int tile) { return tileCounters + tile * 4; }

} // namespace moelora::codegen
