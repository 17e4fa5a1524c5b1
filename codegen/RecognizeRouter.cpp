// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Follows the plan of the experts back to the inputs of the router, or to given
// ids and weights.

#include "Facts.h"
#include "LayerRecognizer.h"

using namespace mlir;

namespace moelora::codegen {

/// A router may read a separate tensor and normalise it: in the type of its
/// weight for the weight, and in the layer's type for adapters.
bool Recognizer::routerInput(GroupedMatmulOp op) {
  result.router_input = bool(layer.getArgument(Role::RouterHidden));
  Role rows = result.router_input ? Role::RouterHidden : Role::Hidden;
  Type type = getElementTypeOrSelf(op.getWeight());
  result.router_dtype = describeType(type);
  auto base = op.getInput().getDefiningOp<RmsNormOp>();
  if (!base)
    return expectInput(op, op.getInput(), rows) &&
           delta(op, router.table, op.getInput());
  if (!expectInput(base, base.getInput(), rows) ||
      !norm(base, Role::RouterNormWeight, result.router_norm) ||
      !expect(getElementTypeOrSelf(base.getResult()) == type, base,
              "its result to have the element type of the router's weight, "
              "but it has another"))
    return false;
  auto shrink =
      op.getShrunk() ? op.getShrunk().getDefiningOp<ShrinkOp>() : ShrinkOp();
  if (!shrink || shrink.getInput() == op.getInput())
    return delta(op, router.table, op.getInput());
  auto rounded = shrink.getInput().getDefiningOp<RmsNormOp>();
  moelora_norm other = cleared<moelora_norm>();
  return expectValue(bool(rounded), shrink,
                     "its input to be a result of rms_norm",
                     shrink.getInput()) &&
         expectInput(rounded, rounded.getInput(), rows) &&
         norm(rounded, Role::RouterNormWeight, other) &&
         expect(rounded.getEpsilon() == base.getEpsilon() &&
                    rounded.getScale() == base.getScale(),
                rounded,
                "the epsilon and scale of the router's other norm, but they "
                "differ") &&
         delta(op, router.table, rounded.getResult());
}

bool Recognizer::route(RouteOp op) {
  seen.insert(op);
  result.router = describeRouter(op);
  if (!expectArgument(op, "the bias", op.getBias(), Role::SelectionBias) ||
      !expectArgument(op, "the scale", op.getExpertScale(),
                      Role::ExpertScale) ||
      !expectArgument(op, "the table", op.getTable(), Role::TokenTable) ||
      !expectArgument(op, "token ids", op.getTokenIds(), Role::TokenIds))
    return false;
  if (isa<BlockArgument>(op.getLogits()))
    return expectArgument(op, "logits", op.getLogits(), Role::RouterLogits);
  GroupedMatmulOp logits = matmul(op, "logits", op.getLogits());
  return logits && linear(logits, router, Ending::Accumulator) &&
         plan(logits, logits.getPlan(), /*routed=*/false) &&
         routerInput(logits);
}

/// The ids and weights of one router, or given ones.
bool Recognizer::choice(PlanOp op, Value &weights) {
  PlanType type = op.getPlan().getType();
  int64_t experts = expertsOf(op) + op.getZeroExperts();
  result.zero_experts = int32_t(op.getZeroExperts());
  if (auto source = origin(op.getIds()).getDefiningOp<RouteOp>()) {
    weights = source.getWeights();
    return route(source) &&
           expect(result.router.experts == experts, op,
                  "the experts and zero experts of the plan to be the " +
                      Twine(result.router.experts) +
                      " that the router knows, but they are " + Twine(experts));
  }
  result.router.experts = int32_t(experts);
  result.router.top_k = int32_t(type.getTopK());
  weights = layer.getArgument(Role::ExpertWeights);
  read.insert(weights);
  return expectArgument(op, "ids", op.getIds(), Role::ExpertIds) &&
         expectValue(bool(weights), op,
                     "the argument of role expert_weights to be there beside "
                     "its ids",
                     weights);
}

} // namespace moelora::codegen
