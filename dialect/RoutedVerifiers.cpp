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
    return emitOpError("expects a table, but there is none"); // (C2)
  auto first = cast<SlotTableType>(getTables().front().getType());
  for (Value table : getTables().drop_front()) {
    auto other = cast<SlotTableType>(table.getType());
    if (failed(verifyAgree(*this, "slots", "the first table", first.getSlots(),
                           "another", other.getSlots())) ||
        failed(verifyAgree(*this, "max_rank", "the first table",
                           first.getMaxRank(), "another", other.getMaxRank())))
      return failure(); // (C1)
    if (first.getPageOrder() != other.getPageOrder())
      return emitOpError() << "expects the first table and another to agree on "
                              "the page order, but the first table has "
                           << stringifyPageOrder(first.getPageOrder())
                           << " and another has "
                           << stringifyPageOrder(other.getPageOrder()); // (C1)
  }
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

/// (C4): there is a bias exactly if the router requires one.
static LogicalResult verifySelectionBias(RouteOp op, int64_t choosable) {
  bool wanted = op.getRouter().getBiasOn() != BiasOn::None && !op.getTable();
  if (wanted != static_cast<bool>(op.getBias()))
    return op.emitOpError()
           << "expects a bias exactly if bias_on is not none and there is no "
              "table, but bias_on is "
           << stringifyBiasOn(op.getRouter().getBiasOn())
           << (wanted ? " and there is no bias" : " and there is a bias");
  if (!wanted)
    return success();
  return verifyAgree(op, "the experts that can be chosen", "logits", choosable,
                     "bias", getColumns(op.getBias()));
}

/// (C6): rows of as many ids as there are choices.
static LogicalResult verifyTable(RouteOp op) {
  if (static_cast<bool>(op.getTable()) != static_cast<bool>(op.getTokenIds()))
    return op.emitOpError() << "expects a table and token ids to come together";
  if (!op.getTable())
    return success();
  if (op.getRouter().getAlways() > 0)
    return op.emitOpError() << "expects no always chosen experts beside a "
                               "table, but always is "
                            << op.getRouter().getAlways();
  return verifyAgree(op, "top_k", "router", op.getRouter().getTopK(), "table",
                     getColumns(op.getTable()));
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
  int64_t choosable = ShapedType::isDynamic(experts)
                          ? experts
                          : experts - getRouter().getAlways();
  if (failed(verifyGroups(*this, choosable)))
    return failure(); // (C3)
  if (failed(verifySelectionBias(*this, choosable)))
    return failure(); // (C4)
  if (getExpertScale() &&
      failed(verifyAgree(*this, "experts", "logits", experts, "scale",
                         getColumns(getExpertScale()))))
    return failure();        // (C5)
  return verifyTable(*this); // (C6)
}

LogicalResult DispatchOp::verify() {
  PlanType plan = getPlan().getType();
  if (failed(verifyPlanColumns(*this, getIds(), plan)))
    return failure(); // (C1)
  if (failed(verifyPlanOfOne(*this, getIds(), plan)))
    return failure(); // (C2)
  if (failed(verifyPlanSlots(*this, getSlots(), plan)))
    return failure(); // (C3)
  if (failed(verifyZeroExperts(*this, getIds(), getZeroExperts())))
    return failure(); // (C4)
  if (failed(verifyPlanMap(*this, getIds(), getMap())))
    return failure();                                              // (C5)
  return verifyPlanOver(*this, getIds() || getSlots(), getOver()); // (C6)
}

LogicalResult ExpertGemmOp::verify() {
  if (failed(verifyGemm(*this, getInput(), getPlan().getType(), getWeight(),
                        getBias())))
    return failure(); // (C1), (C2), (C4), (C5)
  if (failed(verifyOnce(*this, getOnce(), getBias())))
    return failure(); // (C6)
  return verifyShape(*this, "the result", getResult().getType(),
                     getAccumulatorShape(getWeight().getType())); // (C3)
}

/// Shape of an accumulator that a table's deltas are added to. The dimension of
/// a single slice may be omitted.
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
  if (failed(verifyAgree(*this, "columns", "accumulator",
                         getColumns(getAccumulator()), "result",
                         getColumns(getResult()))))
    return failure(); // (C2)
  if (static_cast<bool>(getInputWeights()) != static_cast<bool>(getPlan()))
    return emitOpError() << "expects input weights to come with a plan"; // (C3)
  if (!getPlan())
    return success();
  return verifyPairWeights(*this, "input weights", getInputWeights(),
                           getPlan().getType()); // (C3)
}

LogicalResult CombineOp::verify() {
  int64_t columns = getColumns(getResult());
  if (failed(verifyPairWeights(*this, "weights", getWeights(),
                               getPlan().getType())))
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
  if (getScore() && failed(verifyShape(*this, "the score", getScore().getType(),
                                       {ShapedType::kDynamic, 1})))
    return failure(); // (C4)
  if (failed(verifyIdentity(*this, getIdentity(), getIdentityWeights(),
                            getResult().getType())))
    return failure();                                                    // (C5)
  return verifyOwnShared(*this, getShared(), getOwn(), getSharedOnce()); // (C6)
}

LogicalResult IdentityWeightOp::verify() {
  if (failed(verifyAgree(*this, "top_k", "ids", getColumns(getIds()), "weights",
                         getColumns(getWeights()))))
    return failure(); // (C1)
  int64_t first = getFirst(), end = getEnd();
  if (first < 0 || end <= first || end > maxSize)
    return emitOpError() << "expects 0 <= first < end <= " << maxSize
                         << ", but first is " << first << " and end is "
                         << end; // (C2)
  return verifyShape(*this, "the result", getResult().getType(),
                     {ShapedType::kDynamic, 1}); // (C3)
}

LogicalResult RmsNormOp::verify() {
  if (failed(verifyAgree(*this, "columns", "input", getColumns(getInput()),
                         "result", getColumns(getResult()))))
    return failure(); // (C1)
  if (getWeight() &&
      failed(verifyAgree(*this, "columns", "input", getColumns(getInput()),
                         "weight", getColumns(getWeight()))))
    return failure(); // (C2)
  if (getEpsilon().isNegative() || !getEpsilon().isFinite())
    return emitOpError() << "expects epsilon to be finite and not negative, "
                            "but it is "
                         << getEpsilon().convertToDouble(); // (C3)
  return success();
}
