// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constraints of the fused ops; labels are those of the op descriptions.

#include "VerifyShapes.h"
#include "mlir/IR/Builders.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

#define GET_OP_CLASSES
#include "moelora/dialect/FusedOps.cpp.inc"

/// (C5)
static LogicalResult verifyConsumerPairs(PlanOp op) {
  std::optional<int64_t> pairs = op.getConsumerPairs();
  if (!pairs)
    return success();
  if (!isa_and_nonnull<ScheduleAttr>(op.getScheduleAttr()))
    return op.emitOpError() << "expects a plan that a consumer makes to have "
                               "the schedule of a GPU";
  if (*pairs < 1 || *pairs > PlanOp::MostConsumerPairs)
    return op.emitOpError()
           << "expects consumer_pairs in [1, " << PlanOp::MostConsumerPairs
           << "], but it is " << *pairs;
  PlanType type = op.getPlan().getType();
  if (type.getExperts() > PlanOp::MostConsumerExperts ||
      type.getSlots() > PlanOp::MostConsumerSlots)
    return op.emitOpError()
           << "expects a plan that a consumer makes to have "
              "at most "
           << PlanOp::MostConsumerExperts << " experts and "
           << PlanOp::MostConsumerSlots << " slots, but it has "
           << type.getExperts() << " and " << type.getSlots();
  return success();
}

LogicalResult PlanOp::verify() {
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
    return failure(); // (C6)
  if (failed(verifyPlanOver(*this, getIds() || getSlots(), getOver())))
    return failure(); // (C7)
  return verifyConsumerPairs(*this);
}

/// Shrunk rows of a table: `[rows, slices, max_rank]` in its element type.
static LogicalResult verifyShrunk(Operation *op, StringRef name, Type shrunk,
                                  SlotTableType table) {
  if (failed(verifyShape(
          op, name, shrunk,
          {ShapedType::kDynamic, table.getSlices(), table.getMaxRank()})))
    return failure();
  Type element = cast<ShapedType>(shrunk).getElementType();
  if (element == table.getElementType())
    return success();
  return op->emitOpError() << "expects " << name
                           << " and table to have one element type, but "
                           << name << " has " << element << " and table has "
                           << table.getElementType();
}

/// (C4)
static LogicalResult verifyEpilogueTokens(ShrinkOp op) {
  std::optional<ArrayRef<int64_t>> counts = op.getEpilogueTokens();
  if (!counts)
    return success();
  auto matmul = op.getInput().getDefiningOp<GroupedMatmulOp>();
  if (!matmul || !matmul.getActivation() || matmul.getPlan() != op.getPlan() ||
      op.getGather())
    return op.emitOpError()
           << "expects the input of an op in an epilogue to be an activation "
              "of a grouped_matmul over the same plan, read pair by pair";
  SmallVector<int64_t> tokens;
  if (std::optional<ScheduleAttr> schedule = op.getSchedule())
    for (TileAttr tile : schedule->getTiles())
      tokens.push_back(tile.getTokens());
  bool ascends = llvm::is_sorted(*counts, std::less_equal<int64_t>());
  for (int64_t count : *counts)
    if (!ascends || !llvm::is_contained(tokens, count))
      return op.emitOpError()
             << "expects the tokens in an epilogue to be of tiles of the "
                "schedule, ascending, but they are ["
             << *counts << "] and the tiles are of [" << ArrayRef(tokens)
             << "]";
  return success();
}

bool ShrinkOp::isOfTokens() {
  return getPlan().getType().getExperts() == 1 &&
         getTable().getType().getExperts() > 1;
}

/// (C1)
static LogicalResult verifyTable(ShrinkOp op, SlotTableType table) {
  PlanType plan = op.getPlan().getType();
  if (!op.isOfTokens())
    return verifyTableOfPlan(op, table, plan);
  if (!table.sharesA())
    return op.emitOpError() << "expects a plan of one expert only with a table "
                               "whose experts share A, but the table is "
                            << table;
  return verifyAgree(op, "slots", "table", table.getSlots(), "plan",
                     plan.getSlots());
}

LogicalResult ShrinkOp::verify() {
  SlotTableType table = getTable().getType();
  if (failed(verifyTable(*this, table)))
    return failure(); // (C1)
  if (failed(verifyAgree(*this, "the columns that are summed over", "input",
                         getColumns(getInput()), "table", table.getIn())))
    return failure(); // (C2)
  if (failed(verifyShrunk(*this, "the result", getResult().getType(), table)))
    return failure(); // (C3)
  return verifyEpilogueTokens(*this);
}

/// (C6): the table fits the plan and the weight.
static LogicalResult verifyLora(GroupedMatmulOp op, RankedTensorType weight) {
  if (static_cast<bool>(op.getShrunk()) != static_cast<bool>(op.getTable()))
    return op.emitOpError() << "expects shrunk rows and table to come together";
  if (op.getGatherShrunk() &&
      (!op.getTable() || !op.getTable().getType().sharesA()))
    return op.emitOpError() << "expects to gather shrunk rows only of a table "
                               "whose experts share A";
  if (!op.getTable())
    return success();
  SlotTableType table = op.getTable().getType();
  if (failed(verifyTableOfPlan(op, table, op.getPlan().getType())))
    return failure();
  int64_t rank = weight.getRank();
  int64_t slices = rank == 4 ? weight.getDimSize(1) : 1;
  if (failed(verifyAgree(op, "slices", "table", table.getSlices(), "weight",
                         slices)) ||
      failed(verifyAgree(op, "out", "table", table.getOut(), "weight",
                         weight.getDimSize(rank - 2))) ||
      failed(verifyAgree(op, "in", "table", table.getIn(), "weight",
                         weight.getDimSize(rank - 1))))
    return failure();
  return verifyShrunk(op, "the shrunk rows", op.getShrunk().getType(), table);
}

/// (C8): `[rows, out]` of a weight whose slices the activation reads.
static LogicalResult verifyActivate(GroupedMatmulOp op,
                                    RankedTensorType weight) {
  int64_t wanted = op.getActivation()->getGated() ? 2 : 1;
  if (weight.getRank() != 4 || weight.getDimSize(1) != wanted)
    return op.emitOpError()
           << "expects the weight of a " << (wanted == 2 ? "gated" : "plain")
           << " activation to have " << wanted << " slices, but it is "
           << weight;
  if (failed(verifyPairWeights(op, "input weights", op.getInputWeights(),
                               op.getPlan().getType())))
    return failure();
  return verifyShape(op, "the result", op.getResult().getType(),
                     {ShapedType::kDynamic, weight.getDimSize(2)});
}

/// (C9): `[rows, out]` of a weight without slices.
static LogicalResult verifyCombine(GroupedMatmulOp op,
                                   RankedTensorType weight) {
  if (weight.getRank() != 3)
    return op.emitOpError()
           << "expects a combined weight to be [E, out, in], but it is "
           << weight;
  SmallVector<int64_t> rows = {ShapedType::kDynamic, weight.getDimSize(1)};
  if (failed(verifyPairWeights(op, "weights", op.getCombineWeights(),
                               op.getPlan().getType())) ||
      failed(verifyShape(op, "the result", op.getResult().getType(), rows)))
    return failure();
  if (op.getShared() && failed(verifyShape(op, "the shared rows",
                                           op.getShared().getType(), rows)))
    return failure();
  if (!op.getScore())
    return success();
  return verifyShape(op, "the score", op.getScore().getType(),
                     {ShapedType::kDynamic, 1});
}

static LogicalResult verifyEpilogue(GroupedMatmulOp op,
                                    RankedTensorType weight) {
  bool combines = op.combines();
  bool adds = op.getShared() || op.getScore() || op.getIdentity() ||
              op.getIdentityWeights();
  bool several = (op.getActivation() && combines) ||
                 (op.getSum() && op.getCombineWeights());
  if (several || (adds && !combines) || (op.getScore() && !op.getShared()) ||
      (op.getInputWeights() && !op.getActivation()))
    return op.emitOpError()
           << "expects at most one epilogue, shared and identity rows only "
              "with combine or sum, a score only with shared rows, and input "
              "weights only with activate"; // (C7)
  if (op.getActivation())
    return verifyActivate(op, weight); // (C8)
  if (combines && failed(verifyCombine(op, weight)))
    return failure(); // (C9)
  if (combines)
    return verifyIdentity(op, op.getIdentity(), op.getIdentityWeights(),
                          op.getResult().getType()); // (C10)
  auto result = cast<RankedTensorType>(op.getResult().getType());
  if (!result.getElementType().isF32())
    return op.emitOpError() << "expects a result without epilogue to be an f32 "
                               "accumulator, but it is "
                            << result; // (C3)
  return verifyShape(op, "the result", result,
                     getAccumulatorShape(weight)); // (C3)
}

LogicalResult GroupedMatmulOp::verify() {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  if (failed(verifyGemm(*this, getInput(), getPlan().getType(), getWeight(),
                        getBias())))
    return failure(); // (C1), (C2), (C4), (C5)
  if (failed(verifyOnce(*this, getOnce(), getBias())))
    return failure(); // (C11)
  if (failed(verifyOwnShared(*this, getShared(), getOwn(), getSharedOnce())))
    return failure(); // (C12)
  if (failed(verifyLora(*this, weight)))
    return failure(); // (C6)
  return verifyEpilogue(*this, weight);
}
