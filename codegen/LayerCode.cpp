// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayerCode.h"
#include "moelora/dialect/RowAxes.h"
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

int64_t LayerCode::region(Value value, int64_t bytes) {
  return frame.region({0, bytes * ranks.ranks(gatheredOver(value))});
}

Int LayerCode::rows(Code &code, Ptr frame, Value value) {
  return code.loadInt(frame + ranks.all(gatheredOver(value)));
}

int64_t LayerCode::resultWord(Operation *op, int64_t bytes) {
  Value result = op->getResult(0);
  int64_t word = result == output() ? Frame::Output : region(result, bytes);
  words[result] = word;
  return word;
}

/// Sets Frame::Slots.
static void storeSlots(Code &code, Ptr frame, Ptr step, int64_t slots) {
  Int has = code.loadInt32(step + offsetof(moelora_step_view, slots));
  code.store(code.least(has, code.i64(slots)), frame + Frame::Slots);
}

RunStage LayerCode::resolveSlots(ResolveSlotsOp op) {
  if (gatheredOver(op.getIds()))
    return resolveGathered(op);
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
          storeSlots(code, frame, step, slots);
        });
  };
}

RunStage LayerCode::resolveGathered(ResolveSlotsOp op) {
  int64_t slots = cast<SlotTableType>(op.getTables()[0].getType()).getSlots();
  int64_t word = frame.word(), copy = region(op.getSlots(), 4);
  AxesAttr axes = gatheredOver(op.getIds());
  words[op.getSlots()] = word;
  return [=](Code &code, Ptr frame) {
    Ptr step = code.loadPtr(frame + Frame::Step);
    Ptr peers = code.loadPtr(code.loadPtr(frame + Frame::Args) +
                             offsetof(moelora_run_args, peer_numbers));
    Ptr numbers = code.select(code.isNull(step), step, peers);
    code.store(code.null(), frame + word);
    code.store(code.i64(slots), frame + Frame::Slots);
    code.when(
        code.isNull(numbers), [] {},
        [&] {
          Ptr to = code.loadPtr(frame + copy);
          code.store(to, frame + word);
          storeSlots(code, frame, step, slots);
          ranks.forMembers(
              code, frame, axes, [&](Int first, Int rows, Int begin) {
                code.loop(code.i64(0), rows, 1, [&](Int row) {
                  code.store(code.load(code.builder.getI32Type(),
                                       numbers + (first + row) * 4),
                             to + (begin + row) * 4);
                });
              });
        });
  };
}

} // namespace moelora::codegen
