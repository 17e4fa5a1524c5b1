// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores the values of a layer, and calls the function of Evaluate.h for each
// op.

#include "moelora/interpreter/Interpreter.h"
#include "CheckInputs.h"
#include "Evaluate.h"
#include "llvm/ADT/TypeSwitch.h"

#include <deque>

using namespace mlir;

namespace moelora::interpreter {
namespace {

class Interpreter {
public:
  Interpreter(const Inputs &inputs, Mode mode) : inputs(inputs), mode(mode) {}

  FailureOr<Tensor> run(LayerOp layer, const std::function<void()> &afterOp);

private:
  LogicalResult evaluate(Operation *op);
  LogicalResult evaluate(ResolveSlotsOp op);
  LogicalResult evaluate(RouteOp op);
  LogicalResult evaluate(ExpertGemmOp op);
  LogicalResult evaluate(LoraDeltaOp op);
  LogicalResult evaluate(ActivationOp op);
  LogicalResult evaluate(CombineOp op);
  LogicalResult evaluate(IdentityWeightOp op);
  LogicalResult evaluate(RmsNormOp op);
  LogicalResult evaluate(ShrinkOp op);
  LogicalResult evaluate(GroupedMatmulOp op);
  /// dispatch and plan differ only in the division of work for kernels.
  template <typename Op> LogicalResult evaluatePlan(Op op);

  template <typename T> const T &get(Value value) const {
    return std::get<T>(*values.at(value));
  }
  /// Null for an absent operand.
  template <typename T = Tensor> const T *find(Value value) const {
    return value ? &get<T>(value) : nullptr;
  }
  LogicalResult set(Value value, Datum datum) {
    made.push_back(std::move(datum));
    values[value] = &made.back();
    return success();
  }
  /// Fails unless `value`, if it is not null, has this number of rows.
  LogicalResult checkRows(Operation *op, StringRef name, Value value,
                          int64_t rows) const;
  /// Checks the input of an op with a plan: a row per token or pair.
  LogicalResult checkInput(Operation *op, Value input, const Plan &plan,
                           bool gather) const;

  /// Checks the operands of a combine, or of the epilogue with the same
  /// meaning.
  template <typename Op>
  LogicalResult checkTerms(Op op, Value weights, const Plan &plan) const;
  template <typename Op> CombineWith termsOf(Op op, Value weights) const;

  const Inputs &inputs;
  Mode mode;
  const Tensor *hidden = nullptr; // which every layer has
  llvm::DenseMap<Value, const Datum *> values;
  std::deque<Datum> made;
};

int64_t tokensOf(const Plan &plan) { return plan.expert.size() / plan.topK; }

LogicalResult Interpreter::checkRows(Operation *op, StringRef name, Value value,
                                     int64_t rows) const {
  if (!value || get<Tensor>(value).rows() == rows)
    return success();
  return op->emitOpError() << "expects " << name << " to have " << rows
                           << " rows, but it has " << get<Tensor>(value).rows();
}

LogicalResult Interpreter::checkInput(Operation *op, Value input,
                                      const Plan &plan, bool gather) const {
  int64_t pairs = plan.expert.size();
  return checkRows(op, "the input", input, gather ? tokensOf(plan) : pairs);
}

LogicalResult Interpreter::evaluate(ResolveSlotsOp op) {
  return set(op.getSlots(), resolveSlots(get<Tensor>(op.getIds()), inputs));
}

LogicalResult Interpreter::evaluate(RouteOp op) {
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

LogicalResult Interpreter::evaluate(IdentityWeightOp op) {
  const Tensor &ids = get<Tensor>(op.getIds());
  if (failed(checkRows(op, "the weights", op.getWeights(), ids.rows())))
    return failure();
  return set(op.getResult(),
             identityWeight(op, ids, get<Tensor>(op.getWeights()), mode));
}

LogicalResult Interpreter::evaluate(RmsNormOp op) {
  return set(op.getResult(), rmsNorm(op, get<Tensor>(op.getInput()),
                                     find(op.getWeight()), mode));
}

template <typename Op> LogicalResult Interpreter::evaluatePlan(Op op) {
  const Tensor *ids = find(op.getIds()), *slots = find(op.getSlots());
  // Without ids and slots, it is a plan of one expert over all rows.
  const Tensor *counted = ids ? ids : slots ? slots : hidden;
  int64_t tokens = counted->rows();
  if (failed(checkRows(op, "slots", op.getSlots(), tokens)))
    return failure();
  return set(op.getPlan(),
             makePlan(op.getPlan().getType(), ids, slots, tokens));
}

LogicalResult Interpreter::evaluate(ExpertGemmOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  int64_t experts = op.getPlan().getType().getExperts();
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())) ||
      failed(checkRows(op, "the weight", op.getWeight(), experts)) ||
      failed(checkRows(op, "the bias", op.getBias(), experts)))
    return failure();
  return set(op.getResult(),
             expertGemm(op, get<Tensor>(op.getInput()), plan,
                        get<Tensor>(op.getWeight()), find(op.getBias()), mode));
}

LogicalResult Interpreter::evaluate(LoraDeltaOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())) ||
      failed(checkRows(op, "the accumulator", op.getAccumulator(),
                       plan.expert.size())))
    return failure();
  return set(op.getResult(), loraDelta(op, get<Tensor>(op.getInput()), plan,
                                       get<Table>(op.getTable()),
                                       get<Tensor>(op.getAccumulator()), mode));
}

LogicalResult Interpreter::evaluate(ActivationOp op) {
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
LogicalResult Interpreter::checkTerms(Op op, Value weights,
                                      const Plan &plan) const {
  int64_t tokens = tokensOf(plan);
  std::pair<StringRef, Value> terms[] = {
      {"the weights", weights},
      {"the identity rows", op.getIdentity()},
      {"the identity weights", op.getIdentityWeights()},
      {"the shared rows", op.getShared()},
      {"the score", op.getScore()}};
  for (auto [name, value] : terms)
    if (failed(checkRows(op, name, value, tokens)))
      return failure();
  return success();
}

template <typename Op>
CombineWith Interpreter::termsOf(Op op, Value weights) const {
  return {find(weights),
          find(op.getIdentity()),
          find(op.getIdentityWeights()),
          find(op.getShared()),
          find(op.getScore()),
          op.getRoutedScale().convertToFloat(),
          op.getSharedScale().convertToFloat()};
}

LogicalResult Interpreter::evaluate(CombineOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  if (failed(checkRows(op, "the rows", op.getRows(), plan.expert.size())) ||
      failed(checkTerms(op, op.getWeights(), plan)))
    return failure();
  return set(op.getResult(), combine(op.getType(), get<Tensor>(op.getRows()),
                                     plan, termsOf(op, op.getWeights()), mode));
}

LogicalResult Interpreter::evaluate(ShrinkOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())))
    return failure();
  return set(op.getResult(), shrink(op, get<Tensor>(op.getInput()), plan,
                                    get<Table>(op.getTable()), mode));
}

LogicalResult Interpreter::evaluate(GroupedMatmulOp op) {
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
  Tensor rows =
      groupedMatmul(op, get<Tensor>(op.getInput()), plan,
                    get<Tensor>(op.getWeight()), find(op.getBias()),
                    find(op.getShrunk()), find<Table>(op.getTable()), mode);
  Type type = op.getResult().getType();
  if (auto function = op.getActivationAttr())
    rows = activate(function, type, rows, find(op.getInputWeights()), mode);
  if (op.combines())
    rows = combine(type, rows, plan, termsOf(op, op.getCombineWeights()), mode);
  return set(op.getResult(), std::move(rows));
}

LogicalResult Interpreter::evaluate(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ResolveSlotsOp, RouteOp, ExpertGemmOp, LoraDeltaOp, ActivationOp,
            CombineOp, IdentityWeightOp, RmsNormOp, ShrinkOp, GroupedMatmulOp>(
          [&](auto op) { return evaluate(op); })
      .Case<DispatchOp, PlanOp>([&](auto op) { return evaluatePlan(op); })
      .Default([](Operation *op) {
        return op->emitOpError()
               << "expects to be an op of the routed or the fused level";
      });
}

FailureOr<Tensor> Interpreter::run(LayerOp layer,
                                   const std::function<void()> &afterOp) {
  for (auto [argument, datum] :
       llvm::zip(layer.getBody().getArguments(), inputs.arguments))
    values[argument] = &datum;
  hidden = &get<Tensor>(layer.getArgument(Role::Hidden));
  Block &body = layer.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (failed(evaluate(&op)))
      return failure();
    if (afterOp)
      afterOp();
  }
  return get<Tensor>(body.getTerminator()->getOperand(0));
}

} // namespace

FailureOr<Tensor> interpret(LayerOp layer, const Inputs &inputs, Mode mode,
                            const std::function<void()> &afterOp) {
  if (failed(checkInputs(layer, inputs)))
    return failure();
  return Interpreter(inputs, mode).run(layer, afterOp);
}

} // namespace moelora::interpreter
