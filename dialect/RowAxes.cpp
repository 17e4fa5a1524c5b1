// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/dialect/RowAxes.h"
#include "moelora/dialect/Ops.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora {

/// The rows of a plan are those of its ids or slots.
template <typename Op> static AxesAttr ofPlan(Op op) {
  return op.getIds()     ? gatheredOver(op.getIds())
         : op.getSlots() ? gatheredOver(op.getSlots())
                         : op.getOverAttr();
}

AxesAttr gatheredOver(Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (!op)
    return {};
  return llvm::TypeSwitch<Operation *, AxesAttr>(op)
      .Case([](AllGatherOp op) { return op.getAxes(); })
      .Case([](OwnOp op) {
        return withoutAxes(gatheredOver(op.getGathered()), op.getAxes());
      })
      .Case<DispatchOp, PlanOp>([](auto op) { return ofPlan(op); })
      .Case<ExpertGemmOp, LoraDeltaOp, CombineOp, ShrinkOp, GroupedMatmulOp>(
          [](auto op) { return gatheredOver(op.getPlan()); })
      .Case<ResolveSlotsOp, RouteOp, ActivationOp, IdentityWeightOp, RmsNormOp,
            FinishOp>([](auto op) { return gatheredOver(op->getOperand(0)); })
      .Default([](Operation *) { return AxesAttr(); });
}

AxesAttr withoutAxes(AxesAttr gathered, AxesAttr own) {
  if (!gathered || gathered == own)
    return {};
  SmallVector<Axis> rest;
  for (Axis axis : gathered.getAxes())
    if (!own.has(axis))
      rest.push_back(axis);
  return rest.empty() ? AxesAttr() : AxesAttr::get(gathered.getContext(), rest);
}

} // namespace moelora
