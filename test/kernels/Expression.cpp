// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Expression.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace moelora::kernels {

std::string stageOf(Operation *op) {
  auto named = dyn_cast<NameLoc>(op->getLoc());
  return named ? named.getName().str() : "kernel";
}

/// "add" of llvm.add, "tid.x" of nvvm.read.ptx.sreg.tid.x, "slt" of a
/// comparison.
static std::string shortName(Operation *op) {
  if (auto compare = dyn_cast<LLVM::ICmpOp>(op))
    return stringifyICmpPredicate(compare.getPredicate()).str();
  StringRef name = op->getName().stripDialect();
  name.consume_front("read.ptx.sreg.");
  return name.str();
}

static std::string show(OpOperand &operand, int depth) {
  Value value = operand.get();
  APInt number;
  if (auto compare = dyn_cast<LLVM::ICmpOp>(operand.getOwner())) {
    bool isBound = operand.getOperandNumber() == 1;
    if (isBound && matchPattern(value, m_ConstantInt(&number)))
      return std::to_string(number.getSExtValue());
    if (!isBound && compare.getPredicate() != LLVM::ICmpPredicate::eq)
      return "..";
  }
  if (matchPattern(value, m_Constant()))
    return "c";
  Operation *op = value.getDefiningOp();
  return op ? expressionOf(op, depth) : "arg";
}

std::string expressionOf(Operation *op, int depth) {
  std::string text = shortName(op);
  if (depth == 0 || op->getNumOperands() == 0)
    return text;
  const char *separator = "(";
  for (OpOperand &operand : op->getOpOperands()) {
    text += separator + show(operand, depth - 1);
    separator = ", ";
  }
  return text + ")";
}

} // namespace moelora::kernels
