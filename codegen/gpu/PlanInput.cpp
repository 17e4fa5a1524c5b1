// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/PlanInput.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

PlanInput::PlanInput(GpuLowering &lowering, Kernel &kernel, const GpuPlan &plan)
    : plan(plan), kernel(kernel), code(kernel.code),
      pairs(validTokens(lowering, kernel) * plan.topK),
      allPairs(kernel.tokens() * plan.topK) {
  if (plan.hasIds)
    ids = kernel.region(plan.ids, plan.perPair(4));
  if (plan.slots) {
    numbers = kernel.pointer(plan.numbers);
    hasSlots = isInStep(lowering, kernel, numbers);
  }
}

Int PlanInput::expertOf(Int pair, Value valid) {
  Value none = code.i32(-1).value;
  if (!plan.hasIds)
    return {&code, code.select(valid, code.i32(0).value, none)};
  Value id = code.choose(
      valid,
      [&] { return Code::Values{code.loadNumber(ids + pair * 4).value}; },
      [&] { return Code::Values{none}; })[0];
  return {&code, id};
}

/// The number may be any, so it is compared as an unsigned one.
Int PlanInput::slotOf(Int pair) {
  if (!plan.slots)
    return code.i32(-1);
  Int slots = kernel.number(Frame::Slots);
  Value slot = code.choose(
      hasSlots,
      [&] {
        Int number = code.loadNumber(numbers + pair / plan.topK * 4);
        Value known = code.below(number, slots);
        return Code::Values{code.select(known, number, code.i32(-1)).value};
      },
      [&] { return Code::Values{code.i32(-1).value}; })[0];
  return {&code, slot};
}

void PlanInput::countDropped(Int pair, Int expert, Value valid) {
  if (!plan.hasIds)
    return;
  Value inRange = code.below(expert, code.i32(plan.experts + plan.zeroExperts));
  Value none = code.equal(expert, code.i32(-1));
  Value fine = code.select(inRange, inRange, none);
  Int dropped = code.countOnes(code.ballot(
      code.select(valid, code.select(fine, code.bit(false), code.bit(true)),
                  code.bit(false))));
  code.when(code.equal(code.lane(), code.i32(0)), [&] {
    code.when(code.below(code.i32(0), dropped), [&] {
      countIn(kernel, offsetof(moelora_run_stats, dropped_pairs), dropped);
    });
  });
}

void sumExperts(KernelCode &code, const GpuPlan &plan,
                const ExpertNumbers &experts, Int tile) {
  Named named(code, "sum");
  Int lane = code.lane(), end = code.i32(plan.experts);
  Int shift = code.lowestOne(tile);
  Code::Values zero{code.i32(0).value, code.i32(0).value};
  Code::Values ends = code.loop(
      code.i32(0), end, WarpLanes, zero, [&](Int base, ValueRange sums) {
        Int expert = base + lane;
        Value inside = code.less(expert, end);
        Int rows{&code,
                 code.choose(
                     inside,
                     [&] {
                       Ptr at = experts.rows + expert * 4;
                       return Code::Values{code.loadNumber(at).value};
                     },
                     [&] { return Code::Values{code.i32(0).value}; })[0]};
        Int count = (rows + tile - 1) >> shift;
        KernelCode::Scan rowScan = code.scan(rows), tileScan = code.scan(count);
        Int rowBase{&code, sums[0]}, tileBase{&code, sums[1]};
        code.when(inside, [&] {
          code.store(rowBase + rowScan.below, experts.begin + expert * 4);
          code.store(tileBase + tileScan.below, experts.tiles + expert * 4);
        });
        return Code::Values{(rowBase + rowScan.all).value,
                            (tileBase + tileScan.all).value};
      });
  code.when(code.equal(lane, code.i32(0)), [&] {
    code.store(ends[0], experts.begin + plan.experts * 4);
    code.store(ends[1], experts.tiles + plan.experts * 4);
  });
}

} // namespace moelora::codegen
