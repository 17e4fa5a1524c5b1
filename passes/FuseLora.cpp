// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns expert_gemm and lora_delta into shrink and grouped_matmul, so that the
// delta is added in the accumulators of its GEMM.

#include "mlir/IR/Remarks.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_FUSELORA
#include "moelora/passes/Passes.h.inc"

namespace {

remark::RemarkOpts named(StringRef name) {
  return remark::RemarkOpts::name(name).category("fuse-lora");
}

/// The delta that is added to the result of `gemm`, or null. Other users of the
/// accumulator are not considered here.
LoraDeltaOp findDelta(ExpertGemmOp gemm) {
  for (Operation *user : gemm.getResult().getUsers())
    if (auto delta = dyn_cast<LoraDeltaOp>(user))
      return delta;
  return nullptr;
}

/// The reason why `delta` cannot be added in the accumulators of `gemm`; empty
/// if it can.
StringRef whyApart(ExpertGemmOp gemm, LoraDeltaOp delta) {
  if (!gemm.getResult().hasOneUse())
    return "the accumulator has other uses than the delta";
  if (gemm.getPlan() != delta.getPlan())
    return "GEMM and delta go by different plans";
  return "";
}

/// `[rows, slices, max_rank]` in the table's element type.
Type getShrunkType(SlotTableType table) {
  return RankedTensorType::get(
      {ShapedType::kDynamic, table.getSlices(), table.getMaxRank()},
      table.getElementType());
}

/// `shrunk` and `table` are null if there is no delta.
Value createMatmul(OpBuilder &builder, ExpertGemmOp gemm, Value shrunk,
                   Value table) {
  FloatAttr one = builder.getF32FloatAttr(1);
  return GroupedMatmulOp::create(
      builder, gemm.getLoc(), gemm.getType(), gemm.getInput(), gemm.getPlan(),
      gemm.getWeight(), gemm.getBias(), shrunk, table,
      /*input_weights=*/nullptr, /*combine_weights=*/nullptr,
      /*identity=*/nullptr, /*identity_weights=*/nullptr, /*shared=*/nullptr,
      /*score=*/nullptr, /*activation=*/nullptr, /*routed_scale=*/one,
      /*shared_scale=*/one, /*sum=*/nullptr, /*schedule=*/nullptr,
      gemm.getGatherAttr(), /*gather_shrunk=*/nullptr, gemm.getOnceAttr(),
      /*own=*/nullptr, /*shared_once=*/nullptr);
}

void replaceAlone(ExpertGemmOp gemm) {
  OpBuilder builder(gemm);
  remark::passed(gemm.getLoc(), named("GroupedMatmul"))
      << remark::add("GEMM without delta");
  gemm.replaceAllUsesWith(createMatmul(builder, gemm, nullptr, nullptr));
  gemm.erase();
}

/// Both become one matmul at the position of the delta, where all operands are
/// defined. `shrink` has a separate input, so the two may read different rows.
void replaceTogether(ExpertGemmOp gemm, LoraDeltaOp delta) {
  OpBuilder builder(delta);
  SlotTableType table = delta.getTable().getType();
  remark::passed(gemm.getLoc(), named("GroupedMatmul"))
      << remark::add("GEMM and delta share accumulators")
      << remark::metric("slots", table.getSlots())
      << remark::metric("slices", table.getSlices())
      << remark::metric("max_rank", table.getMaxRank());
  Value shrunk = ShrinkOp::create(
      builder, delta.getLoc(), getShrunkType(table), delta.getInput(),
      delta.getPlan(), delta.getTable(),
      /*schedule=*/nullptr, /*epilogue_tokens=*/nullptr, delta.getGather());
  delta.replaceAllUsesWith(
      createMatmul(builder, gemm, shrunk, delta.getTable()));
  delta.erase();
  gemm.erase();
}

void fuse(ExpertGemmOp gemm) {
  LoraDeltaOp delta = findDelta(gemm);
  if (!delta)
    return replaceAlone(gemm);
  StringRef reason = whyApart(gemm, delta);
  if (reason.empty())
    return replaceTogether(gemm, delta);
  remark::missed(delta.getLoc(), named("GroupedMatmul"))
      << remark::reason("{0}", reason);
}

void construct(DispatchOp dispatch) {
  OpBuilder builder(dispatch);
  PlanType type = dispatch.getType();
  remark::passed(dispatch.getLoc(), named("Plan"))
      << remark::metric("experts", type.getExperts())
      << remark::metric("slots", type.getSlots())
      << remark::metric("top_k", type.getTopK());
  auto plan = PlanOp::create(builder, dispatch.getLoc(), type,
                             dispatch.getIds(), dispatch.getSlots(),
                             dispatch.getMap(), /*schedule=*/nullptr,
                             /*consumer_pairs=*/nullptr,
                             dispatch.getZeroExperts(), dispatch.getOverAttr());
  dispatch.replaceAllUsesWith(plan.getPlan());
  dispatch.erase();
}

struct FuseLora : impl::FuseLoraBase<FuseLora> {
  void runOnOperation() override {
    Region &body = getOperation().getBody();
    for (auto op : llvm::make_early_inc_range(body.getOps<DispatchOp>()))
      construct(op);
    for (auto op : llvm::to_vector(body.getOps<ExpertGemmOp>()))
      fuse(op);
  }
};

} // namespace
} // namespace moelora
