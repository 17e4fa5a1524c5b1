// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values by name, and which function of Evaluate.h an op is.

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

  FailureOr<Tensor> run(LayerOp layer);

private:
  LogicalResult evaluate(Operation *op);
  LogicalResult evaluate(ResolveSlotsOp op);
  LogicalResult evaluate(RouteOp op);
  LogicalResult evaluate(ExpertGemmOp op);
  LogicalResult evaluate(LoraDeltaOp op);
  LogicalResult evaluate(ActivationOp op);
  LogicalResult evaluate(CombineOp op);
  LogicalResult evaluate(ShrinkOp op);
  LogicalResult evaluate(GroupedMatmulOp op);
  /// dispatch and plan differ only in what they promise to kernels.
  template <typename Op> LogicalResult evaluatePlan(Op op);

  template <typename T> const T &get(Value value) const {
    return std::get<T>(*values.at(value));
  }
  /// Null for an operand that is not there.
  template <typename T = Tensor> const T *find(Value value) const {
    return value ? &get<T>(value) : nullptr;
  }
  LogicalResult set(Value value, Datum datum) {
    made.push_back(std::move(datum));
    values[value] = &made.back();
    return success();
  }
  /// Fails unless `value`, if it is there, has this many rows.
  LogicalResult checkRows(Operation *op, StringRef name, Value value,
                          int64_t rows) const;
  /// Checks the input of an op that goes by a plan: a row per token or pair.
  LogicalResult checkInput(Operation *op, Value input, const Plan &plan,
                           bool gather) const;

  const Inputs &inputs;
  Mode mode;
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
  return set(op.getSlots(),
             resolveSlots(get<Tensor>(op.getIds()), inputs.directory));
}

LogicalResult Interpreter::evaluate(RouteOp op) {
  const Tensor &logits = get<Tensor>(op.getLogits());
  if (failed(checkRows(op, "the bias", op.getBias(), logits.shape.back())))
    return failure();
  auto [ids, weights] = route(op, logits, find(op.getBias()), mode);
  (void)set(op.getIds(), std::move(ids));
  return set(op.getWeights(), std::move(weights));
}

template <typename Op> LogicalResult Interpreter::evaluatePlan(Op op) {
  const Tensor *ids = find(op.getIds()), *slots = find(op.getSlots());
  if (!ids && !slots)
    return op.emitOpError() << "expects ids or slots: one of them tells the "
                               "number of tokens";
  int64_t tokens = ids ? ids->rows() : slots->rows();
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
  return set(op.getResult(), activate(op.getFunction(), op.getType(),
                                      get<Tensor>(op.getAccumulator()), mode));
}

LogicalResult Interpreter::evaluate(CombineOp op) {
  const Plan &plan = get<Plan>(op.getPlan());
  int64_t tokens = tokensOf(plan);
  if (failed(checkRows(op, "the rows", op.getRows(), plan.expert.size())) ||
      failed(checkRows(op, "the weights", op.getWeights(), tokens)) ||
      failed(checkRows(op, "the shared rows", op.getShared(), tokens)) ||
      failed(checkRows(op, "the score", op.getScore(), tokens)))
    return failure();
  CombineWith with = {find(op.getWeights()), find(op.getShared()),
                      find(op.getScore()),
                      op.getRoutedScale().convertToFloat()};
  return set(op.getResult(), combine(op.getType(), get<Tensor>(op.getRows()),
                                     plan, with, mode));
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
  int64_t tokens = tokensOf(plan);
  if (failed(checkInput(op, op.getInput(), plan, op.getGather())) ||
      failed(checkRows(op, "the weight", op.getWeight(), experts)) ||
      failed(checkRows(op, "the bias", op.getBias(), experts)) ||
      failed(checkRows(op, "the shrunk rows", op.getShrunk(),
                       plan.expert.size())) ||
      failed(checkRows(op, "the weights", op.getCombineWeights(), tokens)) ||
      failed(checkRows(op, "the shared rows", op.getShared(), tokens)) ||
      failed(checkRows(op, "the score", op.getScore(), tokens)))
    return failure();
  Tensor rows =
      groupedMatmul(op, get<Tensor>(op.getInput()), plan,
                    get<Tensor>(op.getWeight()), find(op.getBias()),
                    find(op.getShrunk()), find<Table>(op.getTable()), mode);
  Type type = op.getResult().getType();
  if (auto function = op.getActivationAttr())
    rows = activate(function, type, rows, mode);
  CombineWith with = {find(op.getCombineWeights()), find(op.getShared()),
                      find(op.getScore()),
                      op.getRoutedScale().convertToFloat()};
  if (with.weights)
    rows = combine(type, rows, plan, with, mode);
  return set(op.getResult(), std::move(rows));
}

LogicalResult Interpreter::evaluate(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ResolveSlotsOp, RouteOp, ExpertGemmOp, LoraDeltaOp, ActivationOp,
            CombineOp, ShrinkOp, GroupedMatmulOp>(
          [&](auto op) { return evaluate(op); })
      .Case<DispatchOp, PlanOp>([&](auto op) { return evaluatePlan(op); })
      .Default([](Operation *op) {
        return op->emitOpError()
               << "expects to be an op of the routed or the fused level";
      });
}

FailureOr<Tensor> Interpreter::run(LayerOp layer) {
  for (auto [argument, datum] :
       llvm::zip(layer.getBody().getArguments(), inputs.arguments))
    values[argument] = &datum;
  Block &body = layer.getBody().front();
  for (Operation &op : body.without_terminator())
    if (failed(evaluate(&op)))
      return failure();
  return get<Tensor>(body.getTerminator()->getOperand(0));
}

} // namespace

FailureOr<Tensor> interpret(LayerOp layer, const Inputs &inputs, Mode mode) {
  if (failed(checkColumns(layer)) || failed(checkInputs(layer, inputs)))
    return failure();
  return Interpreter(inputs, mode).run(layer);
}

} // namespace moelora::interpreter
