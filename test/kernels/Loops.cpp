// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Loops.h"
#include "Expression.h"

using namespace mlir;

namespace moelora::kernels {

Loops::Loops(LLVM::LLVMFuncOp kernel) : dominance(kernel) {
  Region &body = kernel.getBody();
  if (!body.hasOneBlock())
    loops.emplace(dominance.getDomTree(&body));
}

bool Loops::endsLoop(LLVM::CondBrOp branch) const {
  CFGLoop *loop = loops ? loops->getLoopFor(branch->getBlock()) : nullptr;
  return loop && !(loop->contains(branch.getTrueDest()) &&
                   loop->contains(branch.getFalseDest()));
}

Value Loops::nextOf(LLVM::CondBrOp branch) const {
  Block *header = branch->getBlock();
  auto compare = branch.getCondition().getDefiningOp<LLVM::ICmpOp>();
  if (!compare || compare->getBlock() != header)
    return {};
  auto counter = dyn_cast<BlockArgument>(compare.getLhs());
  Block *latch = loops->getLoopFor(header)->getLoopLatch();
  if (!counter || counter.getOwner() != header || !latch)
    return {};
  auto back = dyn_cast<LLVM::BrOp>(latch->getTerminator());
  return back ? back.getDestOperands()[counter.getArgNumber()] : Value();
}

bool isInActivation(Operation *op) { return stageOf(op) == "activation"; }

std::vector<Value> activationInputs(LLVM::LLVMFuncOp kernel) {
  std::vector<Value> inputs;
  auto addUsed = [&](Value value) {
    bool isRead = llvm::any_of(value.getUsers(), isInActivation);
    if (value.getType().isF32() && isRead)
      inputs.push_back(value);
  };
  for (Block &block : kernel.getBody()) {
    bool isOutside =
        llvm::none_of(block, [](Operation &op) { return isInActivation(&op); });
    if (isOutside)
      llvm::for_each(block.getArguments(), addUsed);
    for (Operation &op : block)
      if (!isInActivation(&op) && !op.hasTrait<OpTrait::ConstantLike>())
        llvm::for_each(op.getResults(), addUsed);
  }
  return inputs;
}

} // namespace moelora::kernels
