// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shrinks each token once, where the experts of an adapter share A.

#include "mlir/IR/Remarks.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_SHAREDOUTER
#include "moelora/passes/Passes.h.inc"

namespace {

remark::RemarkOpts named(StringRef name) {
  return remark::RemarkOpts::name(name).category("shared-outer");
}

/// The reason why `shrink` keeps its plan; empty if it can have one of tokens.
StringRef whyApart(ShrinkOp shrink) {
  if (shrink.getPlan().getType().getTopK() == 1)
    return "its plan has one pair for each token";
  if (shrink.getTable().getType().getExperts() == 1)
    return "its table has one expert";
  if (!shrink.getTable().getType().sharesA())
    return "its table does not promise that experts share A";
  if (!shrink.getGather())
    return "its input has a row for each pair";
  if (!shrink.getPlan().getDefiningOp<PlanOp>())
    return "no plan op makes its plan";
  if (shrink.getScheduleAttr())
    return "the op has a schedule";
  if (!shrink->hasOneUse() ||
      !isa<GroupedMatmulOp>(*shrink->getUsers().begin()))
    return "its result has other readers than one grouped_matmul";
  return "";
}

/// A plan of all tokens by slot, which is that of the shared expert if it is
/// made before.
PlanOp planOfTokens(ShrinkOp shrink) {
  auto pairs = shrink.getPlan().getDefiningOp<PlanOp>();
  for (auto plan : shrink->getBlock()->getOps<PlanOp>())
    if (!plan.getIds() && plan.getSlots() == pairs.getSlots() &&
        plan->isBeforeInBlock(shrink))
      return plan;
  OpBuilder builder(shrink);
  auto type = PlanType::get(builder.getContext(), /*experts=*/1,
                            pairs.getPlan().getType().getSlots(), /*topK=*/1);
  return PlanOp::create(builder, shrink.getLoc(), type, /*ids=*/nullptr,
                        pairs.getSlots(), /*map=*/nullptr,
                        pairs.getScheduleAttr(), /*consumer_pairs=*/nullptr,
                        /*zero_experts=*/0, /*over=*/nullptr);
}

void share(ShrinkOp shrink) {
  if (StringRef reason = whyApart(shrink); !reason.empty()) {
    remark::missed(shrink.getLoc(), named("SharedA"))
        << remark::reason("{0}", reason);
    return;
  }
  PlanType pairs = shrink.getPlan().getType();
  remark::passed(shrink.getLoc(), named("SharedA"))
      << remark::add("one row for each token")
      << remark::metric("top_k", pairs.getTopK())
      << remark::metric("experts", pairs.getExperts());
  auto matmul = cast<GroupedMatmulOp>(*shrink->getUsers().begin());
  shrink.getPlanMutable().assign(planOfTokens(shrink).getPlan());
  shrink.setGather(false);
  matmul.setGatherShrunk(true);
}

struct SharedOuter : impl::SharedOuterBase<SharedOuter> {
  void runOnOperation() override {
    for (auto op : llvm::to_vector(getOperation().getBody().getOps<ShrinkOp>()))
      share(op);
  }
};

} // namespace
} // namespace moelora
