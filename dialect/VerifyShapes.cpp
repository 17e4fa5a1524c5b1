// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "VerifyShapes.h"

using namespace mlir;

namespace moelora {

LogicalResult verifyAgree(Operation *op, StringRef what, StringRef a,
                          int64_t sizeOfA, StringRef b, int64_t sizeOfB) {
  if (sizeOfA == sizeOfB || ShapedType::isDynamic(sizeOfA) ||
      ShapedType::isDynamic(sizeOfB))
    return success();
  return op->emitOpError() << "expects " << a << " and " << b << " to agree on "
                           << what << ", but " << a << " has " << sizeOfA
                           << " and " << b << " has " << sizeOfB;
}

static bool isCompatible(ArrayRef<int64_t> found, ArrayRef<int64_t> expected) {
  if (found.size() != expected.size())
    return false;
  return llvm::all_of(llvm::zip(found, expected), [](auto pair) {
    auto [f, e] = pair;
    return f == e || ShapedType::isDynamic(f) || ShapedType::isDynamic(e);
  });
}

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(
      shape, os,
      [&](int64_t size) {
        if (ShapedType::isDynamic(size))
          os << '?';
        else
          os << size;
      },
      "x");
  return text;
}

LogicalResult verifyShape(Operation *op, StringRef name, Type found,
                          ArrayRef<int64_t> expected) {
  ArrayRef<int64_t> shape = cast<ShapedType>(found).getShape();
  if (isCompatible(shape, expected))
    return success();
  return op->emitOpError() << "expects " << name << " to have shape "
                           << shapeText(expected) << ", but the shape is "
                           << shapeText(shape);
}

LogicalResult verifyPlanColumns(Operation *op, Value ids, PlanType plan) {
  if (!ids)
    return success();
  return verifyAgree(op, "top_k", "ids", getColumns(ids), "plan",
                     plan.getTopK());
}

LogicalResult verifyPlanOfOne(Operation *op, Value ids, PlanType plan) {
  if (ids || (plan.getExperts() == 1 && plan.getTopK() == 1))
    return success();
  return op->emitOpError()
         << "expects a plan without ids to have one expert and top_k 1, but it "
            "has "
         << plan.getExperts() << " experts and top_k " << plan.getTopK();
}

LogicalResult verifyPlanSlots(Operation *op, Value slots, PlanType plan) {
  if (slots || plan.getSlots() == 0)
    return success();
  return op->emitOpError()
         << "expects a plan without slots to have 0 slots, but it has "
         << plan.getSlots();
}

LogicalResult verifyTableOfPlan(Operation *op, SlotTableType table,
                                PlanType plan) {
  if (failed(verifyAgree(op, "experts", "table", table.getExperts(), "plan",
                         plan.getExperts())))
    return failure();
  return verifyAgree(op, "slots", "table", table.getSlots(), "plan",
                     plan.getSlots());
}

int64_t getColumns(Value value) {
  return cast<ShapedType>(value.getType()).getShape().back();
}

SmallVector<int64_t> getAccumulatorShape(Type weight) {
  ArrayRef<int64_t> shape = cast<ShapedType>(weight).getShape();
  SmallVector<int64_t> result(shape.drop_back());
  result.front() = ShapedType::kDynamic;
  return result;
}

SmallVector<int64_t> getBiasShape(Type weight) {
  return SmallVector<int64_t>(cast<ShapedType>(weight).getShape().drop_back());
}

} // namespace moelora
