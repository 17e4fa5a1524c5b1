// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constraints of the routed ops; labels are those of the op descriptions.

#include "VerifyShapes.h"
#include "mlir/IR/Builders.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

#define GET_OP_CLASSES
#include "moelora/dialect/RoutedOps.cpp.inc"

LogicalResult ResolveSlotsOp::verify() {
  if (getTables().empty())
    return success();
  auto first = cast<SlotTableType>(getTables().front().getType());
  for (Value table : getTables().drop_front())
    if (failed(verifyAgree(*this, "slots", "the first table", first.getSlots(),
                           "another",
                           cast<SlotTableType>(table.getType()).getSlots())))
      return failure(); // (C1)
  return success();
}

/// (C3): contiguous groups of equal size.
static LogicalResult verifyGroups(RouteOp op, int64_t experts) {
  int64_t groups = op.getRouter().getGroups();
  if (ShapedType::isDynamic(experts) || experts % groups == 0)
    return success();
  return op.emitOpError() << "expects groups to divide the experts, but there "
                             "are "
                          << groups << " groups and " << experts << " experts";
}

/// (C4): a bias exactly where the router asks for one.
static LogicalResult verifySelectionBias(RouteOp op, int64_t experts) {
  bool wanted = op.getRouter().getBiasOn() != BiasOn::None;
  if (wanted != static_cast<bool>(op.getBias()))
    return op.emitOpError()
           << "expects a bias exactly if bias_on is not none, but bias_on is "
           << stringifyBiasOn(op.getRouter().getBiasOn())
           << (wanted ? " and there is no bias" : " and there is a bias");
  if (!wanted)
    return success();
  return verifyAgree(op, "experts", "logits", experts, "bias",
                     getColumns(op.getBias()));
}

LogicalResult RouteOp::verify() {
  int64_t experts = getColumns(getLogits());
  int64_t topK = getRouter().getTopK();
  if (!ShapedType::isDynamic(experts) && topK > experts)
    return emitOpError() << "expects top_k to be at most the experts, but "
                            "top_k is "
                         << topK << " and there are " << experts
                         << " experts"; // (C1)
  if (failed(verifyAgree(*this, "top_k", "router", topK, "ids",
                         getColumns(getIds()))) ||
      failed(verifyAgree(*this, "top_k", "router", topK, "weights",
                         getColumns(getWeights()))))
    return failure(); // (C2)
  if (failed(verifyGroups(*this, experts)))
    return failure();                         // (C3)
  return verifySelectionBias(*this, experts); // (C4)
}

LogicalResult DispatchOp::verify() {
  PlanType plan = getPlan().getType();
  if (failed(verifyPlanColumns(*this, getIds(), plan)))
    return failure(); // (C1)
  if (failed(verifyPlanOfOne(*this, getIds(), plan)))
    return failure();                              // (C2)
  return verifyPlanSlots(*this, getSlots(), plan); // (C3)
}

LogicalResult ExpertGemmOp::verify() {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  auto input = cast<RankedTensorType>(getInput().getType());
  if (failed(verifyAgree(*this, "experts", "weight", weight.getDimSize(0),
                         "plan", getPlan().getType().getExperts())))
    return failure(); // (C1)
  if (failed(verifyAgree(*this, "the columns that are summed over", "input",
                         getColumns(getInput()), "weight",
                         getColumns(getWeight()))))
    return failure(); // (C2)
  if (failed(verifyShape(*this, "the result", getResult().getType(),
                         getAccumulatorShape(weight))))
    return failure(); // (C3)
  if (getBias() && failed(verifyShape(*this, "the bias", getBias().getType(),
                                      getBiasShape(weight))))
    return failure(); // (C4)
  if (input.getElementType() != weight.getElementType())
    return emitOpError() << "expects input and weight to have one element "
                            "type, but input has "
                         << input.getElementType() << " and weight has "
                         << weight.getElementType(); // (C5)
  return success();
}

/// Shape of an accumulator that a table's deltas are added to. One slice may
/// go without its dimension.
static SmallVector<int64_t> getDeltaShape(SlotTableType table, int64_t rank) {
  if (rank == 2 && table.getSlices() == 1)
    return {ShapedType::kDynamic, table.getOut()};
  return {ShapedType::kDynamic, table.getSlices(), table.getOut()};
}

LogicalResult LoraDeltaOp::verify() {
  SlotTableType table = getTable().getType();
  auto accumulator = cast<RankedTensorType>(getAccumulator().getType());
  if (failed(verifyTableOfPlan(*this, table, getPlan().getType())))
    return failure(); // (C1)
  if (failed(verifyAgree(*this, "the columns that are summed over", "input",
                         getColumns(getInput()), "table", table.getIn())))
    return failure(); // (C2)
  return verifyShape(*this, "the accumulator", accumulator,
                     getDeltaShape(table, accumulator.getRank())); // (C3)
}

LogicalResult ActivationOp::verify() {
  auto shape = cast<RankedTensorType>(getAccumulator().getType());
  int64_t slices = getFunction().getGated() ? 2 : 1;
  if (shape.getRank() != 3 || shape.getDimSize(1) != slices)
    return emitOpError() << "expects a " << (slices == 2 ? "gated" : "plain")
                         << " activation to read [rows, " << slices
                         << ", columns], but the accumulator is "
                         << shape; // (C1)
  return verifyAgree(*this, "columns", "accumulator",
                     getColumns(getAccumulator()), "result",
                     getColumns(getResult())); // (C2)
}

LogicalResult CombineOp::verify() {
  int64_t columns = getColumns(getResult());
  if (failed(verifyAgree(*this, "top_k", "weights", getColumns(getWeights()),
                         "plan", getPlan().getType().getTopK())))
    return failure(); // (C1)
  if (failed(verifyShape(*this, "the rows", getRows().getType(),
                         {ShapedType::kDynamic, columns})))
    return failure(); // (C2)
  if (getShared() &&
      failed(verifyShape(*this, "the shared rows", getShared().getType(),
                         {ShapedType::kDynamic, columns})))
    return failure(); // (C3)
  if (getScore() && !getShared())
    return emitOpError() << "expects a score to come with shared rows"; // (C4)
  if (getScore())
    return verifyShape(*this, "the score", getScore().getType(),
                       {ShapedType::kDynamic, 1}); // (C4)
  return success();
}
