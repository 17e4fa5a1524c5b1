// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Loops.h"
#include "Sites.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace moelora::kernels {
namespace {

Value makeInteger(OpBuilder &builder, Operation *op, Type type, int64_t value) {
  return LLVM::ConstantOp::create(builder, op->getLoc(), type,
                                  builder.getIntegerAttr(type, value));
}

Value makeFloat(OpBuilder &builder, Operation *op, float value) {
  return LLVM::ConstantOp::create(builder, op->getLoc(), builder.getF32Type(),
                                  builder.getF32FloatAttr(value));
}

/// The condition of a selection or a branch is its first operand.
void setCondition(Operation *op, bool value) {
  OpBuilder builder(op);
  op->setOperand(0, makeInteger(builder, op, builder.getI1Type(), value));
}

/// In the comparison, and where it selects the smaller or the larger of both.
void moveBound(LLVM::ICmpOp compare, int64_t distance) {
  OpBuilder builder(compare);
  Value bound = compare.getRhs();
  Value moved = LLVM::AddOp::create(
      builder, compare.getLoc(), bound,
      makeInteger(builder, compare, bound.getType(), distance));
  compare.getRhsMutable().assign(moved);
  for (Operation *user : compare->getUsers())
    if (auto select = dyn_cast<LLVM::SelectOp>(user))
      for (OpOperand &operand : select->getOpOperands())
        if (operand.get() == bound)
          operand.set(moved);
}

/// The next value of what the loop counts is its bound.
void endAfterFirstRound(LLVM::CondBrOp branch) {
  auto kernel = branch->getParentOfType<LLVM::LLVMFuncOp>();
  auto compare = branch.getCondition().getDefiningOp<LLVM::ICmpOp>();
  Loops(kernel).nextOf(branch).replaceAllUsesWith(compare.getRhs());
}

void multiplyByCondition(LLVM::SelectOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value factor = LLVM::SelectOp::create(builder, loc, op.getCondition(),
                                        makeFloat(builder, op, 1),
                                        makeFloat(builder, op, 0));
  Value difference =
      LLVM::FSubOp::create(builder, loc, op.getTrueValue(), op.getFalseValue());
  op.replaceAllUsesWith(
      LLVM::FMAOp::create(builder, loc, difference, factor, op.getFalseValue())
          .getResult());
}

void swapSlices(LLVM::LLVMFuncOp kernel) {
  std::vector<Value> inputs = activationInputs(kernel);
  std::vector<std::pair<OpOperand *, Value>> changes;
  for (size_t i = 0; i < inputs.size(); ++i)
    for (OpOperand &use : inputs[i].getUses())
      if (isInActivation(use.getOwner()))
        changes.emplace_back(&use,
                             inputs[(i + inputs.size() / 2) % inputs.size()]);
  for (auto [use, other] : changes)
    use->set(other);
}

void makeMistake(Operation *op, Mistake mistake) {
  switch (mistake) {
  case Mistake::NoBarrier:
  case Mistake::NoWarpBarrier:
  case Mistake::NoFence:
  case Mistake::NoWait:
  case Mistake::NoCommit:
    return op->erase();
  case Mistake::MaskTrue:
    return setCondition(op, true);
  case Mistake::MaskFalse:
    return setCondition(op, false);
  case Mistake::WholeCopy:
    return cast<NVVM::CpAsyncOp>(op).getCpSizeMutable().clear();
  case Mistake::BoundPlus:
    return moveBound(cast<LLVM::ICmpOp>(op), 1);
  case Mistake::BoundMinus:
    return moveBound(cast<LLVM::ICmpOp>(op), -1);
  case Mistake::FirstRound:
    return endAfterFirstRound(cast<LLVM::CondBrOp>(op));
  case Mistake::ZeroTimes:
    return multiplyByCondition(cast<LLVM::SelectOp>(op));
  case Mistake::SwappedSlices:
    return swapSlices(cast<LLVM::LLVMFuncOp>(op));
  }
}

} // namespace

void makeMistake(const Site &site) {
  for (Operation *op : site.ops)
    makeMistake(op, site.mistake);
}

} // namespace moelora::kernels
