// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayerCode.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

LogicalResult verifyLogits(RouteOp op) {
  Type logits = getElementTypeOrSelf(op.getLogits());
  if (logits.isF32())
    return success();
  return op.emitError() << "expects logits of f32, but they are of " << logits;
}

int64_t rowElements(Type type) {
  int64_t elements = 1;
  for (int64_t size : cast<RankedTensorType>(type).getShape().drop_front())
    elements *= size;
  return elements;
}

int64_t rowBytes(Type type) {
  return rowElements(type) *
         (cast<ShapedType>(type).getElementTypeBitWidth() / 8);
}

LogicalResult LayerCode::declareArguments(PageOrder order, StringRef device) {
  for (BlockArgument argument : layer.getBody().front().getArguments()) {
    Role role = layer.getRole(argument.getArgNumber());
    auto table = dyn_cast<SlotTableType>(argument.getType());
    if (table && table.getPageOrder() != order)
      return layer.emitOpError()
             << "expects the pages of " << stringifyRole(role)
             << " in the order " << stringifyPageOrder(order) << " for "
             << device << ", but the order is "
             << stringifyPageOrder(table.getPageOrder());
    if (!table && role != Role::Slots)
      words[argument] = frame.word();
  }
  return success();
}

Value LayerCode::output() {
  return layer.getBody().front().getTerminator()->getOperand(0);
}

int64_t LayerCode::resultWord(Operation *op, int64_t bytes) {
  Value result = op->getResult(0);
  int64_t word = result == output() ? Frame::Output : frame.region({0, bytes});
  words[result] = word;
  return word;
}

RunStage LayerCode::resolveSlots(ResolveSlotsOp op) {
  int64_t slots = cast<SlotTableType>(op.getTables()[0].getType()).getSlots();
  int64_t word = frame.word();
  words[op.getSlots()] = word;
  return [=](Code &code, Ptr frame) {
    Ptr step = code.loadPtr(frame + Frame::Step);
    code.store(code.null(), frame + word);
    code.store(code.i64(slots), frame + Frame::Slots);
    code.when(
        code.isNull(step), [] {},
        [&] {
          Ptr numbers =
              code.loadPtr(step + offsetof(moelora_step_view, number));
          code.store(numbers + code.loadInt(frame + Frame::Begin) * 4,
                     frame + word);
          Int has = code.loadInt32(step + offsetof(moelora_step_view, slots));
          code.store(code.least(has, code.i64(slots)), frame + Frame::Slots);
        });
  };
}

} // namespace moelora::codegen
