// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks the operands of each op, and calls its function.

#include "Rank.h"
#include "moelora/dialect/RowAxes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora::interpreter {

static int64_t tokensOf(const Plan &plan) {
  return plan.expert.size() / plan.topK;
}

LogicalResult Rank::checkRows(Operation *op, StringRef name, Value value,
                              int64_t rows) const {
  if (!value || get<Tensor>(value).rows() == rows)
    return success();
  return op->emitOpError() << "expects " << name << " to have " << rows
                           << " rows, but it has " << get<Tensor>(value).rows();
}

LogicalResult Rank::checkInput(Operation *op, Value input, const Plan &plan,
                               bool gather) const {
  int64_t pairs = plan.expert.size();
  return checkRows(op, "the input", input, gather ? tokensOf(plan) : pairs);
}

LogicalResult Rank::evaluate(ResolveSlotsOp op) {
  return set(op.getSlots(), resolveSlots(get<Tensor>(op.getIds()), inputs));
}

LogicalResult Rank::evaluate(RouteOp op) {
  const Tensor &logits = get<Tensor>(op.getLogits());
  int64_t experts = logits.shape.back();
  int64_t eligible = experts - op.getRouter().getAlways();
  if (failed(checkRows(op, "the bias", op.getBias(), eligible)) ||
      failed(checkRows(op, "the scales", op.getExpertScale(), experts)) ||
      failed(checkRows(op, "the token ids", op.getTokenIds(), logits.rows())))
    return failure();
  RouteWith with = {find(op.getBias()), find(op.getExpertScale()),
                    find(op.getTable()), find(op.getTokenIds())};
  auto [ids, weights] = route(op, logits, with, mode);
  (void)set(op.getIds(), std::move(ids));
  return set(op.getWeights(), std::move(weights));
}

LogicalResult Rank::evaluate(IdentityWeightOp op) {
  const Tensor &ids = get<Tensor>(op.getIds());
  if (failed(checkRows(op, "the weights", op.getWeights(), ids.rows())))
    return failure();
  return set(op.getResult(),
             identityWeight(op, ids, get<Tensor>(op.getWeights()), mode));
}

LogicalResult Rank::evaluate(RmsNormOp op) {
  return set(op.getResult(), rmsNorm(op, get<Tensor>(op.getInput()),
                                     find(op.getWeight()), mode));
}

template <typename Op> LogicalResult Rank::evaluatePlan(Op op) {
  PlanType type = op.getPlan().getType();
  PlanWith with = {find(op.getIds()), find(op.getSlots()), find(op.getMap()),
                   place.coordinate(Axis::Ep) * type.getExperts()};
  // Without ids and slots, it is a plan of one expert over all rows.
  const Tensor *counted = with.ids ? with.ids : with.slots;
  int64_t tokens =
      counted ? counted->rows() : place.countRows(gatheredOver(op.getPlan()));
  if (failed(checkRows(op, "slots", op.getSlots(), tokens)))
    return failure();
  return set(op.getPlan(), makePlan(type, with, tokens));
}

template <typename Op> const Tensor *Rank::biasOf(Op op) const {
  bool adds = !op.getOnce() || place.coordinate(Axis::Tp) == 0;
  return adds ? find(op.getBias()) : nullptr;
}

LogicalResult Rank::evaluate(OwnOp op) {
  const Tensor &all = get<Tensor>(op.getGathered());
  AxesAttr axes = gatheredOver(op.getGathered());
  if (failed(
          checkRows(op, "the rows", op.getGathered(), place.countRows(axes))))
    return failure();
  Rows rows = place.ownRows(axes, op.getAxes());
  Tensor own;
  own.shape = all.shape;
  own.shape[0] = rows.count;
  auto first = all.data.begin() + rows.begin * all.rowSize();
  own.data.assign(first, first + rows.count * all.rowSize());
  return set(op.getResult(), std::move(own));
}

/// The rows of a plan's tokens to which this rank adds shared rows.
template <typename Op> Rows Rank::sharedRows(Op op) const {
  AxesAttr axes = gatheredOver(op.getPlan());
  if (std::optional<AxesAttr> own = op.getOwn())
    return place.ownRows(axes, *own);
  bool adds = !op.getSharedOnce() || place.coordinate(Axis::Ep) == 0;
  return {0, adds ? tokensOf(get<Plan>(op.getPlan())) : 0};
}

LogicalResult Rank::evaluate(FinishOp op) {
  int64_t tokens = get<Tensor>(op.getSum()).rows();
  if (failed(checkRows(op, "the identity rows", op.getIdentity(), tokens)) ||
      failed(checkRows(op, "the identity weights", op.getIdentityWeights(),
                       tokens)))
    return failure();
  return set(op.getResult(),
             finish(op, get<Tensor>(op.getSum()), find(op.getIdentity()),
                    find(op.getIdentityWeights()), mode));
}

LogicalResult Rank::evaluate(ExpertGemmOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  int64_t experts = op.getPlan().getType().getExperts();
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())) ||
      failed(checkRows(op, "the weight", op.getWeight(), experts)) ||
      failed(checkRows(op, "the bias", op.getBias(), experts)))
    return failure();
  return set(op.getResult(),
             expertGemm(op, get<Tensor>(op.getInput()), plan,
                        get<Tensor>(op.getWeight()), biasOf(op), mode));
}

LogicalResult Rank::evaluate(LoraDeltaOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())) ||
      failed(checkRows(op, "the accumulator", op.getAccumulator(),
                       plan.expert.size())))
    return failure();
  return set(op.getResult(), loraDelta(op, get<Tensor>(op.getInput()), plan,
                                       get<Table>(op.getTable()),
                                       get<Tensor>(op.getAccumulator()), mode));
}

LogicalResult Rank::evaluate(ActivationOp op) {
  const Tensor &accumulator = get<Tensor>(op.getAccumulator());
  if (op.getPlan()) {
    const Plan &plan = get<Plan>(op.getPlan());
    if (failed(checkRows(op, "the accumulator", op.getAccumulator(),
                         plan.expert.size())) ||
        failed(
            checkRows(op, "the weights", op.getInputWeights(), tokensOf(plan))))
      return failure();
  }
  return set(op.getResult(),
             activate(op.getFunction(), op.getType(), accumulator,
                      find(op.getInputWeights()), mode));
}

template <typename Op>
LogicalResult Rank::checkTerms(Op op, Value weights, const Plan &plan) const {
  int64_t tokens = tokensOf(plan);
  int64_t shared = op.getOwn() ? sharedRows(op).count : tokens;
  std::tuple<StringRef, Value, int64_t> terms[] = {
      {"the weights", weights, tokens},
      {"the identity rows", op.getIdentity(), tokens},
      {"the identity weights", op.getIdentityWeights(), tokens},
      {"the shared rows", op.getShared(), shared},
      {"the score", op.getScore(), shared}};
  for (auto [name, value, rows] : terms)
    if (failed(checkRows(op, name, value, rows)))
      return failure();
  return success();
}

template <typename Op> CombineWith Rank::termsOf(Op op, Value weights) const {
  return {find(weights),
          find(op.getIdentity()),
          find(op.getIdentityWeights()),
          find(op.getShared()),
          find(op.getScore()),
          op.getRoutedScale().convertToFloat(),
          op.getSharedScale().convertToFloat(),
          sharedRows(op)};
}

LogicalResult Rank::evaluate(CombineOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  if (failed(checkRows(op, "the rows", op.getRows(), plan.expert.size())) ||
      failed(checkTerms(op, op.getWeights(), plan)))
    return failure();
  return set(op.getResult(), combine(op.getType(), get<Tensor>(op.getRows()),
                                     plan, termsOf(op, op.getWeights()), mode));
}

LogicalResult Rank::evaluate(ShrinkOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())))
    return failure();
  return set(op.getResult(), shrink(op, get<Tensor>(op.getInput()), plan,
                                    get<Table>(op.getTable()), mode));
}

LogicalResult Rank::evaluate(GroupedMatmulOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  int64_t experts = op.getPlan().getType().getExperts();
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())) ||
      failed(checkRows(op, "the weight", op.getWeight(), experts)) ||
      failed(checkRows(op, "the bias", op.getBias(), experts)) ||
      failed(checkRows(op, "the shrunk rows", op.getShrunk(),
                       op.getGatherShrunk() ? tokensOf(plan)
                                            : plan.expert.size())) ||
      failed(checkRows(op, "the input weights", op.getInputWeights(),
                       tokensOf(plan))) ||
      failed(checkTerms(op, op.getCombineWeights(), plan)))
    return failure();
  Tensor rows = groupedMatmul(
      op, get<Tensor>(op.getInput()), plan, get<Tensor>(op.getWeight()),
      biasOf(op), find(op.getShrunk()), find<Table>(op.getTable()), mode);
  Type type = op.getResult().getType();
  if (auto function = op.getActivationAttr())
    rows = activate(function, type, rows, find(op.getInputWeights()), mode);
  if (op.combines())
    rows = combine(type, rows, plan, termsOf(op, op.getCombineWeights()), mode);
  return set(op.getResult(), std::move(rows));
}

LogicalResult Rank::evaluate(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ResolveSlotsOp, RouteOp, ExpertGemmOp, LoraDeltaOp, ActivationOp,
            CombineOp, IdentityWeightOp, RmsNormOp, OwnOp, FinishOp, ShrinkOp,
            GroupedMatmulOp>([&](auto op) { return evaluate(op); })
      .Case<DispatchOp, PlanOp>([&](auto op) { return evaluatePlan(op); })
      .Default([](Operation *op) {
        return op->emitOpError()
               << "expects to be an op of the routed or the fused level";
      });
}

Rank::Rank(LayerOp layer, const Inputs &inputs, Mode mode, Place place)
    : inputs(inputs), mode(mode), place(std::move(place)) {
  for (auto [argument, datum] :
       llvm::zip(layer.getBody().getArguments(), inputs.arguments))
    values[argument] = &datum;
}

} // namespace moelora::interpreter
