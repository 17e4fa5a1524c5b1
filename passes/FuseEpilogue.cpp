// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns activation and combine into epilogues, so that the accumulator that
// they read is internal to a kernel.

#include "mlir/IR/Remarks.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_FUSEEPILOGUE
#include "moelora/passes/Passes.h.inc"

namespace {

remark::RemarkOpts named(StringRef name) {
  return remark::RemarkOpts::name(name).category("fuse-epilogue");
}

/// The reason why no matmul can have the op that reads `accumulator` as its
/// epilogue; empty if one can.
StringRef whyApart(Value accumulator) {
  auto matmul = accumulator.getDefiningOp<GroupedMatmulOp>();
  if (!matmul)
    return "no grouped_matmul makes the accumulator";
  if (matmul.getActivation() || matmul.combines())
    return "the grouped_matmul has an epilogue already";
  if (!accumulator.hasOneUse())
    return "the accumulator has other uses";
  return "";
}

/// The same for a reader with a plan, which is null if it has none.
StringRef whyApart(Value accumulator, Value plan) {
  StringRef reason = whyApart(accumulator);
  if (!reason.empty() || !plan)
    return reason;
  auto matmul = accumulator.getDefiningOp<GroupedMatmulOp>();
  if (matmul.getPlan() != plan)
    return "matmul and reader go by different plans";
  return "";
}

/// The matmul that makes `accumulator`, moved to the op that reads it, where
/// all operands are defined, with the result type of that op.
GroupedMatmulOp takeOver(Value accumulator, Operation *reader) {
  auto matmul = accumulator.getDefiningOp<GroupedMatmulOp>();
  matmul->moveBefore(reader);
  Type result = reader->getResult(0).getType();
  reader->getResult(0).replaceAllUsesWith(accumulator);
  accumulator.setType(result);
  return matmul;
}

/// An optional operand as a range, which is empty if the operand is null.
SmallVector<Value, 1> operands(Value value) {
  if (!value)
    return {};
  return {value};
}

void fuse(ActivationOp activation) {
  Location loc = activation.getLoc();
  StringRef reason =
      whyApart(activation.getAccumulator(), activation.getPlan());
  if (!reason.empty()) {
    remark::missed(loc, named("Activate")) << remark::reason("{0}", reason);
    return;
  }
  remark::passed(loc, named("Activate"))
      << remark::metric("function", stringifyFunction(
                                        activation.getFunction().getFunction()))
      << remark::metric("gated", activation.getFunction().getGated())
      << remark::metric("weighted",
                        static_cast<bool>(activation.getInputWeights()));
  GroupedMatmulOp matmul = takeOver(activation.getAccumulator(), activation);
  matmul.setActivationAttr(activation.getFunction());
  matmul.getInputWeightsMutable().assign(
      operands(activation.getInputWeights()));
  activation.erase();
}

void fuse(CombineOp combine) {
  Location loc = combine.getLoc();
  StringRef reason = whyApart(combine.getRows(), combine.getPlan());
  if (!reason.empty()) {
    remark::missed(loc, named("Combine")) << remark::reason("{0}", reason);
    return;
  }
  remark::passed(loc, named("Combine"))
      << remark::metric("top_k", combine.getPlan().getType().getTopK())
      << remark::metric("weights", static_cast<bool>(combine.getWeights()))
      << remark::metric("identity", static_cast<bool>(combine.getIdentity()))
      << remark::metric("shared", static_cast<bool>(combine.getShared()));
  GroupedMatmulOp matmul = takeOver(combine.getRows(), combine);
  matmul.setSum(!combine.getWeights());
  matmul.getCombineWeightsMutable().assign(operands(combine.getWeights()));
  matmul.getIdentityMutable().assign(operands(combine.getIdentity()));
  matmul.getIdentityWeightsMutable().assign(
      operands(combine.getIdentityWeights()));
  matmul.getSharedMutable().assign(operands(combine.getShared()));
  matmul.getScoreMutable().assign(operands(combine.getScore()));
  matmul.setRoutedScaleAttr(combine.getRoutedScaleAttr());
  matmul.setSharedScaleAttr(combine.getSharedScaleAttr());
  matmul.setOwnAttr(combine.getOwnAttr());
  matmul.setSharedOnce(combine.getSharedOnce());
  combine.erase();
}

struct FuseEpilogue : impl::FuseEpilogueBase<FuseEpilogue> {
  void runOnOperation() override {
    Region &body = getOperation().getBody();
    for (auto op : llvm::to_vector(body.getOps<ActivationOp>()))
      fuse(op);
    for (auto op : llvm::to_vector(body.getOps<CombineOp>()))
      fuse(op);
  }
};

} // namespace
} // namespace moelora
