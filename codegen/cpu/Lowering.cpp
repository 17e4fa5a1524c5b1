// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares a layer: its arguments, and then its stages in order.

#include "cpu/Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora::codegen {

int64_t rowElements(Type type) {
  int64_t elements = 1;
  for (int64_t size : cast<RankedTensorType>(type).getShape().drop_front())
    elements *= size;
  return elements;
}

const DotForm *Lowering::formOf(Type element) const {
  if (element == form.element)
    return &form;
  return element.isF32() ? &wide : nullptr;
}

int64_t Lowering::resultWord(Operation *op, int64_t bytes) {
  Value output = layer.getBody().front().getTerminator()->getOperand(0);
  Value result = op->getResult(0);
  int64_t word = result == output ? Frame::Output : frame.region({0, bytes});
  words[result] = word;
  return word;
}

LogicalResult Lowering::expectPanel(Operation *op, Value value, Value plan,
                                    bool gather) const {
  Value order = panels.lookup(value);
  if (order && order != plan)
    return op->emitError() << "expects the activation to be of the same plan";
  if (order && gather)
    return op->emitError() << "expects an activation to be read pair by pair, "
                              "but it is gathered by token";
  return success();
}

LogicalResult Lowering::expectRows(Operation &op) const {
  for (OpOperand &operand : op.getOpOperands()) {
    // The first operand of both is their input.
    bool multiplied =
        isa<GroupedMatmulOp, ShrinkOp>(op) && operand.getOperandNumber() == 0;
    if (panels.contains(operand.get()) && !multiplied)
      return op.emitError() << "expects an activation to be the input of a "
                               "grouped_matmul or a shrink only";
  }
  return success();
}

LogicalResult Lowering::declareArgument(BlockArgument argument) {
  Role role = layer.getRole(argument.getArgNumber());
  auto table = dyn_cast<SlotTableType>(argument.getType());
  if (table && table.getPageOrder() != PageOrder::RowMajor)
    return layer.emitOpError()
           << "expects the pages of " << stringifyRole(role)
           << " in the order row_major for a CPU, but the order is "
           << stringifyPageOrder(table.getPageOrder());
  // Tables, and the ids of their slots, are read through the step.
  if (!table && role != Role::Slots)
    words[argument] = frame.word();
  return success();
}

LogicalResult Lowering::declareStage(Operation &op) {
  if (failed(expectRows(op)))
    return failure();
  auto stage =
      llvm::TypeSwitch<Operation *, FailureOr<RunStage>>(&op)
          .Case([&](ResolveSlotsOp op) { return lowerResolveSlots(*this, op); })
          .Case([&](RouteOp op) { return lowerRoute(*this, op); })
          .Case([&](IdentityWeightOp op) {
            return lowerIdentityWeight(*this, op);
          })
          .Case([&](PlanOp op) { return lowerPlan(*this, op); })
          .Case([&](ShrinkOp op) { return lowerShrink(*this, op); })
          .Case(
              [&](GroupedMatmulOp op) { return lowerGroupedMatmul(*this, op); })
          .Case([&](RmsNormOp op) { return lowerRmsNorm(*this, op); })
          .Default([](Operation *op) {
            return op->emitError()
                   << "expects a layer at the fused level, but it has a "
                   << op->getName();
          });
  if (failed(stage))
    return failure();
  stages.push_back({&op, *stage});
  return success();
}

LogicalResult Lowering::declare() {
  Block &body = layer.getBody().front();
  for (BlockArgument argument : body.getArguments())
    if (failed(declareArgument(argument)))
      return failure();
  for (Operation &op : body.without_terminator())
    if (failed(declareStage(op)))
      return failure();
  Value output = body.getTerminator()->getOperand(0);
  auto matmul = output.getDefiningOp<GroupedMatmulOp>();
  if ((matmul && matmul.combines()) || output.getDefiningOp<RmsNormOp>())
    return success();
  return layer.emitOpError()
         << "expects its output to be a grouped_matmul with "
            "combine or sum, or an rms_norm";
}

} // namespace moelora::codegen
