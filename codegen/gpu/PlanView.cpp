// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arrays of a plan, as kernels read them.

#include "gpu/PlanView.h"

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

bool GpuPlan::isOfSmallBatches(size_t index) const {
  int64_t rows = (consumerPairs + experts - 1) / experts;
  return index == 0 || tileTokens[index - 1] < rows;
}

Value GpuPlan::isInConsumer(Code &code, Ptr frame) const {
  return code.equal(code.loadInt(frame + inConsumer), code.i64(1));
}

StoredPlan::StoredPlan(Kernel &kernel, const GpuPlan &plan)
    : PlanView(plan), code(kernel.code),
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

Int StoredPlan::tiles() {
  return code.loadConstantNumber(counts + plan_counts::Tiles);
}

StoredPlan::Tile StoredPlan::tile(Int index) {
  Value all = code.loadConstant(code.vector(4),
                                tileRows + index * plan_tile::Bytes, 16);
  return {{&code, code.lane(all, plan_tile::Expert / 4)},
          {&code, code.lane(all, plan_tile::Begin / 4)},
          {&code, code.lane(all, plan_tile::Rows / 4)}};
}

Int StoredPlan::pairOfRow(Int row) {
  return code.loadConstantNumber(rowPair + row * 4);
}
Int StoredPlan::rowOfPair(Int pair) {
  return code.loadConstantNumber(pairRow + pair * 4);
}

Ptr StoredPlan::segment(Int row) {
  Int first = code.loadConstantNumber(rowSegment + row * 4);
  return segments + code.toI64(first) * plan.segmentBytes();
}

Int StoredPlan::segmentEnd(Ptr segment) {
  return code.loadConstantNumber(segment + plan_segment::End);
}

StoredPlan::Pair StoredPlan::pair(Ptr segment, int64_t projection) {
  Ptr at = segment + plan.pairOffset(projection);
  Type i64 = code.builder.getI64Type();
  return {
      {&code, code.loadConstant(i64, at + plan_segment::A)},
      {&code, code.loadConstant(i64, at + plan_segment::B)},
      code.loadConstantNumber(at + plan_segment::Pages),
      code.loadConstantNumber(at + plan_segment::SharesA),
      code.loadConstant(code.builder.getF32Type(), at + plan_segment::Scale)};
}

Ptr StoredPlan::counter(Int token, Int index) {
  return counters + (token * plan.countersPerToken + index) * 4;
}
Ptr StoredPlan::tileCounter(Int tile) { return tileCounters + tile * 4; }

} // namespace moelora::codegen
