// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The level of each op.

#include "moelora/passes/Levels.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;

namespace moelora {

StringRef stringifyLevel(Level level) {
  return level == Level::Routed ? "routed" : "fused";
}

bool belongsTo(Operation *op, Level level) {
  if (isa<ResolveSlotsOp, RouteOp, IdentityWeightOp, RmsNormOp, AllGatherOp,
          OwnOp, ReduceOp, FinishOp, YieldOp>(op))
    return true;
  if (level == Level::Fused)
    return isa<PlanOp, ShrinkOp, GroupedMatmulOp>(op);
  return isa<DispatchOp, ExpertGemmOp, LoraDeltaOp, ActivationOp, CombineOp>(
      op);
}

} // namespace moelora
