// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A token's row, adapter and weights.

#include "Token.h"

namespace moelora::reference {

static const Adapter *adapterOf(const Problem &problem, int64_t token) {
  int32_t slot = problem.slots ? problem.slots[token] : -1;
  bool exists = slot >= 0 && size_t(slot) < problem.adapters.size();
  return exists ? problem.adapters[slot] : nullptr;
}

Token::Token(const Problem &problem, int64_t index)
    : problem(problem), index(index),
      hidden(row(MOELORA_HIDDEN, problem.layer.hidden)),
      adapter(adapterOf(problem, index)) {}

Vector Token::row(moelora_role role, int64_t width) const {
  const OperandView &view = problem.operand[role];
  return MatrixView{view.type, view.data, problem.tokens, width, width}.row(
      index);
}

Vector Token::routerHidden() const {
  return problem.operand[MOELORA_ROUTER_HIDDEN].data
             ? row(MOELORA_ROUTER_HIDDEN, problem.layer.hidden)
             : hidden;
}

static ExpertsView viewOf(const Problem &problem, moelora_role role) {
  const moelora_layer &layer = problem.layer;
  const OperandView &view = problem.operand[role];
  int64_t experts = layer.router.experts;
  int64_t slices = layer.activation.gated ? 2 : 1;
  int64_t sharedSlices = layer.shared_activation.gated ? 2 : 1;
  switch (role) {
  case MOELORA_GATE_UP_WEIGHT:
    return {view.type, view.data, experts, slices * layer.intermediate,
            layer.hidden};
  case MOELORA_DOWN_WEIGHT:
    return {view.type, view.data, experts, layer.hidden, layer.intermediate};
  case MOELORA_SHARED_GATE_UP_WEIGHT:
    return {view.type, view.data, 1, sharedSlices * layer.shared, layer.hidden};
  case MOELORA_SHARED_DOWN_WEIGHT:
    return {view.type, view.data, 1, layer.hidden, layer.shared};
  case MOELORA_SHARED_SCORE_WEIGHT:
    return {view.type, view.data, 1, 1, layer.hidden};
  default:
    return {view.type, view.data, 1, experts, layer.hidden}; // the router
  }
}

MatrixView Token::weight(moelora_role role, int64_t expert) const {
  return viewOf(problem, role).expert(expert);
}

Vector Token::bias(moelora_role role, int64_t expert, int64_t width) const {
  const OperandView &view = problem.operand[role];
  if (!view.data)
    return {};
  return MatrixView{view.type, view.data, expert + 1, width, width}.row(expert);
}

const LoraPair *Token::pair(moelora_projection projection,
                            int64_t expert) const {
  return adapter ? adapter->find(projection, expert) : nullptr;
}

bool isDropped(const moelora_layer &layer, int32_t expert) {
  return expert < 0 || expert >= layer.router.experts;
}

} // namespace moelora::reference
