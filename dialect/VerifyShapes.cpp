// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "VerifyShapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace moelora {

LogicalResult verifySize(function_ref<InFlightDiagnostic()> emitError,
                         StringRef name, int64_t value, int64_t least,
                         int64_t most) {
  if (value >= least && value <= most)
    return success();
  return emitError() << "expects " << name << " to be in [" << least << ", "
                     << most << "], but it is " << value;
}

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

LogicalResult verifyZeroExperts(Operation *op, Value ids, int64_t zeroExperts) {
  if (zeroExperts >= 0 && zeroExperts <= (ids ? maxSize : 0))
    return success();
  return op->emitOpError() << "expects zero_experts to be in [0, " << maxSize
                           << "] with ids and 0 without, but it is "
                           << zeroExperts << (ids ? " with" : " without");
}

LogicalResult verifyPlanMap(Operation *op, Value ids, Value map) {
  if (!map || ids)
    return success();
  return op->emitOpError("expects a map of experts only with ids");
}

LogicalResult verifyPlanOver(Operation *op, bool hasRows,
                             std::optional<AxesAttr> over) {
  if (over && hasRows)
    return op->emitOpError("expects axes over which rows are gathered only "
                           "without ids and slots, whose rows it has");
  return verifyTokenAxes(op, over);
}

LogicalResult verifyTokenAxes(Operation *op, std::optional<AxesAttr> axes) {
  if (!axes || !axes->has(Axis::Dp))
    return success();
  return op->emitOpError("expects axes without dp, because ranks along dp "
                         "exchange nothing");
}

LogicalResult verifyOwnShared(Operation *op, Value shared,
                              std::optional<AxesAttr> own, bool once) {
  if ((own || once) && !shared)
    return op->emitOpError("expects own and shared_once only with shared rows");
  if (own && once)
    return op->emitOpError("expects own or shared_once, but it has both");
  return verifyTokenAxes(op, own);
}

LogicalResult verifyGemm(Operation *op, Value input, PlanType plan,
                         Value weight, Value bias) {
  auto type = cast<RankedTensorType>(weight.getType());
  if (failed(verifyAgree(op, "experts", "weight", type.getDimSize(0), "plan",
                         plan.getExperts())))
    return failure(); // (C1)
  if (failed(verifyAgree(op, "the columns that are summed over", "input",
                         getColumns(input), "weight", getColumns(weight))))
    return failure(); // (C2)
  if (bias &&
      failed(verifyShape(op, "the bias", bias.getType(), getBiasShape(type))))
    return failure(); // (C4)
  Type element = getElementTypeOrSelf(input);
  if (type.getElementType() == element || type.getElementType().isF32())
    return success();
  return op->emitOpError() << "expects the weight to have the input's element "
                              "type or f32, but input has "
                           << element << " and weight has "
                           << type.getElementType(); // (C5)
}

LogicalResult verifyOnce(Operation *op, bool once, Value bias) {
  if (!once || bias)
    return success();
  return op->emitOpError(
      "expects a bias that is added once, but there is none");
}

LogicalResult verifyPairWeights(Operation *op, StringRef name, Value weights,
                                PlanType plan) {
  if (!weights)
    return success();
  return verifyAgree(op, "top_k", name, getColumns(weights), "plan",
                     plan.getTopK());
}

LogicalResult verifyIdentity(Operation *op, Value rows, Value weights,
                             Type result) {
  if (static_cast<bool>(rows) != static_cast<bool>(weights))
    return op->emitOpError()
           << "expects identity rows and their weights to come together";
  if (!rows)
    return success();
  if (rows.getType() != result)
    return op->emitOpError() << "expects identity rows of the result's type "
                             << result << ", but they are " << rows.getType();
  return verifyShape(op, "the identity weights", weights.getType(),
                     {ShapedType::kDynamic, 1});
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
