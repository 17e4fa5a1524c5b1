// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares a fused layer with the form that moelora_layer describes, that is,
// which value each op reads. The verifier has already checked the kinds of
// rows.

#include "LayerRecognizer.h"
#include "Facts.h"

using namespace mlir;

namespace moelora::codegen {

/// Hidden states, or their projection into the latent space.
bool Recognizer::expertInput(GroupedMatmulOp op, Value &input) {
  input = hidden;
  if (result.latent == 0)
    return expectInput(op, op.getInput(), Role::Hidden);
  input = origin(op.getInput());
  GroupedMatmulOp in = matmul(op, "its input", input);
  return in && linear(in, latentIn, Ending::Sum) &&
         plan(in, in.getPlan(), /*routed=*/false) &&
         expect(in.getSum() && !in.getShared() && !in.getIdentity() &&
                    in.getRoutedScale().isExactlyValue(1),
                in,
                "a sum without weights, scale and other terms, but it has "
                "some") &&
         expectInput(in, in.getInput(), Role::Hidden) &&
         delta(in, latentIn.table, hidden);
}

/// The contribution of experts without weights. It counts once, so ranks add it
/// to their common sum.
bool Recognizer::zeroExperts(GroupedMatmulOp op, PlanOp plan, Value weights,
                             Value input) {
  FinishOp finish = finishes.lookup(op);
  if (!finish)
    return identityRows(op, plan, weights, input);
  return expectValue(!op.getIdentity(), op,
                     "its identity rows to be added behind the reduce",
                     op.getIdentity()) &&
         expect(!finish.getIdentity() ||
                    finish.getRoutedScale() == op.getRoutedScale(),
                finish,
                "the scale of the sum that it finishes, but it has another") &&
         identityRows(finish, plan, weights, input);
}

template <typename Op>
bool Recognizer::identityRows(Op op, PlanOp plan, Value weights, Value input) {
  if (result.zero_experts > 0)
    result.zero_kind =
        op.getIdentity() ? MOELORA_ZERO_IDENTITY : MOELORA_ZERO_DROP;
  if (!op.getIdentity())
    return true;
  auto sum = op.getIdentityWeights().template getDefiningOp<IdentityWeightOp>();
  if (!expectValue(origin(op.getIdentity()) == origin(input), op,
                   "its identity rows to be what the experts read",
                   op.getIdentity()) ||
      !expectValue(bool(sum), op,
                   "its identity weights to be a result of identity_weight",
                   op.getIdentityWeights()))
    return false;
  seen.insert(sum);
  int64_t first = expertsOf(plan);
  return expect(origin(sum.getIds()) == origin(plan.getIds()) &&
                    origin(sum.getWeights()) == weights,
                sum,
                "the ids of the plan and their weights, but it reads others") &&
         expect(int64_t(sum.getFirst()) == first &&
                    int64_t(sum.getEnd()) == result.router.experts,
                sum,
                "the zero experts of the plan, from " + Twine(first) + " to " +
                    Twine(result.router.experts) + ", but it is from " +
                    Twine(int64_t(sum.getFirst())) + " to " +
                    Twine(int64_t(sum.getEnd())));
}

/// Where the weights of the choice are applied.
bool Recognizer::combine(GroupedMatmulOp op, Value weights, Value input) {
  auto activated = op.getInput().getDefiningOp<GroupedMatmulOp>();
  result.weight_on_input = bool(activated.getInputWeights());
  result.routed_scale = describeReal(op.getRoutedScale());
  if (result.weight_on_input &&
      (!expectValue(origin(activated.getInputWeights()) == weights, activated,
                    "its input weights to be those of the plan's ids",
                    activated.getInputWeights()) ||
       !expectValue(!activated.getBias(), activated,
                    "its bias to be absent where weights are on the input",
                    activated.getBias())))
    return false;
  Value summed = result.weight_on_input ? Value() : weights;
  if (!expectValue(origin(op.getCombineWeights()) == summed, op,
                   summed ? "its weights to be those of the plan's ids"
                          : "its weights to be absent where they are on the "
                            "input",
                   op.getCombineWeights()))
    return false;
  return zeroExperts(op, op.getPlan().getDefiningOp<PlanOp>(), weights, input);
}

/// `op` is the down projection.
bool Recognizer::routedPart(GroupedMatmulOp op) {
  if (!linear(op, down, Ending::Sum) ||
      !plan(op, op.getPlan(), /*routed=*/true))
    return false;
  GroupedMatmulOp activated = matmul(op, "its input", op.getInput());
  Value input, weights;
  if (!activated || !linear(activated, gateUp, Ending::Activation) ||
      !expect(activated.getPlan() == op.getPlan(), activated,
              "the plan of the down projection, but it has another") ||
      !expertInput(activated, input) ||
      !delta(activated, gateUp.table, input) ||
      !delta(op, down.table, op.getInput()))
    return false;
  result.activation = describeActivation(*activated.getActivation());
  result.intermediate = tp * activated.getResult().getType().getDimSize(1);
  return choice(op.getPlan().getDefiningOp<PlanOp>(), weights) &&
         combine(op, weights, input);
}

/// `op` is the matmul that adds the shared expert, if there is one.
bool Recognizer::sharedPart(GroupedMatmulOp op) {
  result.shared_scale = 1;
  result.shared_score = bool(op.getScore());
  if (!op.getShared())
    return true;
  result.shared_scale = describeReal(op.getSharedScale());
  Operation *reader = op;
  Value shared = op.getShared();
  // Behind a latent projection, which is whole, they are a sum of their own.
  if (layer.getArgument(latentOut.weight) &&
      !partialSums(reader, shared, Axis::Tp))
    return false;
  GroupedMatmulOp rows = matmul(reader, "shared rows", shared);
  if (!rows || !linear(rows, sharedDown, Ending::Accumulator) ||
      !plan(rows, rows.getPlan(), /*routed=*/false))
    return false;
  GroupedMatmulOp activated = matmul(rows, "its input", rows.getInput());
  if (!activated || !linear(activated, sharedGateUp, Ending::Activation) ||
      !plan(activated, activated.getPlan(), /*routed=*/false) ||
      !expectValue(!activated.getInputWeights(), activated,
                   "its input weights to be absent",
                   activated.getInputWeights()) ||
      !expectInput(activated, activated.getInput(), Role::Hidden) ||
      !delta(activated, sharedGateUp.table, hidden) ||
      !delta(rows, sharedDown.table, rows.getInput()))
    return false;
  result.shared_activation = describeActivation(*activated.getActivation());
  result.shared = tp * activated.getResult().getType().getDimSize(1);
  if (!op.getScore())
    return true;
  GroupedMatmulOp score = matmul(op, "the score", op.getScore());
  return score && linear(score, sharedScore, Ending::Accumulator) &&
         plan(score, score.getPlan(), /*routed=*/false) &&
         expectInput(score, score.getInput(), Role::Hidden) &&
         delta(score, sharedScore.table, hidden);
}

bool Recognizer::everythingHasItsPart() {
  Block &body = layer.getBody().front();
  for (Operation &op : body.without_terminator())
    if (!expect(seen.contains(&op), &op,
                "to have a part in what its layer answers, but it has none"))
      return false;
  for (BlockArgument argument : body.getArguments())
    if (!expect(read.contains(argument), layer,
                "the argument of role " +
                    stringifyRole(layer.getRole(argument.getArgNumber())) +
                    " to be read as its role says, but it is not"))
      return false;
  return true;
}

bool Recognizer::recognize() {
  Operation *reader = layer.getBody().front().getTerminator();
  Value output = reader->getOperand(0);
  read.insert(hidden);
  result.dtype = describeType(element);
  result.hidden = cast<RankedTensorType>(hidden.getType()).getDimSize(1);
  Type type = getElementTypeOrSelf(output.getType());
  if (!expect(isPartial ? type.isF32() : type == element, reader,
              isPartial ? "a sum of f32, which the caller completes, but it is "
                          "rounded"
                        : "an output of the layer's type, but it is a sum of "
                          "f32"))
    return false;
  if (auto op = output.getDefiningOp<RmsNormOp>()) {
    reader = op;
    output = op.getInput();
    if (!norm(op, Role::OutputNormWeight, result.output_norm))
      return false;
  }
  BlockArgument projection = layer.getArgument(latentOut.weight);
  GroupedMatmulOp last = projection ? matmul(reader, "its input", output)
                                    : sum(reader, "its input", output);
  if (!last || !sharedPart(last))
    return false;
  GroupedMatmulOp experts = last;
  if (projection) {
    result.latent =
        cast<RankedTensorType>(projection.getType()).getShape().back();
    experts = sum(last, "its input", last.getInput());
    if (!experts || !linear(last, latentOut, Ending::Sum) ||
        !plan(last, last.getPlan(), /*routed=*/false) ||
        !expect(last.getSum() && !last.getIdentity() &&
                    last.getRoutedScale().isExactlyValue(1),
                last,
                "a sum without weights, scale and identity rows, but it has "
                "some") ||
        !expectValue(!experts.getShared(), experts,
                     "its shared rows to be absent", experts.getShared()) ||
        !delta(last, latentOut.table, last.getInput()))
      return false;
  }
  return routedPart(experts) && everythingHasItsPart();
}

std::optional<moelora_layer> recognizeLayer(LayerOp layer, Misfit &misfit) {
  Recognizer recognizer(layer, misfit);
  if (!recognizer.recognize())
    return std::nullopt;
  return recognizer.result;
}

} // namespace moelora::codegen
