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
      operands(operandsOf(problem.layer, problem.entry)),
      adapter(adapterOf(problem, index)) {}

int32_t weightedExperts(const moelora_layer &layer) {
  return layer.router.experts - layer.zero_experts;
}

int64_t expertWidth(const moelora_layer &layer) {
  return layer.latent ? layer.latent : layer.hidden;
}

Vector Token::row(moelora_role role, int64_t width) const {
  const OperandView &view = problem.operand[role];
  return MatrixView{view.type, view.data, problem.tokens, width, width}.row(
      index);
}

namespace {

struct Shape {
  int64_t experts, rows, columns;
};

int64_t slices(const moelora_activation &activation) {
  return activation.gated ? 2 : 1;
}

Shape weightShape(const moelora_layer &layer, moelora_role role) {
  int64_t experts = weightedExperts(layer), width = expertWidth(layer);
  switch (role) {
  case MOELORA_GATE_UP_WEIGHT:
    return {experts, slices(layer.activation) * layer.intermediate, width};
  case MOELORA_DOWN_WEIGHT:
    return {experts, width, layer.intermediate};
  case MOELORA_ROUTER_WEIGHT:
    return {1, layer.router.experts, layer.hidden};
  case MOELORA_LATENT_IN_WEIGHT:
    return {1, layer.latent, layer.hidden};
  case MOELORA_LATENT_OUT_WEIGHT:
    return {1, layer.hidden, layer.latent};
  case MOELORA_SHARED_GATE_UP_WEIGHT:
    return {1, slices(layer.shared_activation) * layer.shared, layer.hidden};
  case MOELORA_SHARED_DOWN_WEIGHT:
    return {1, layer.hidden, layer.shared};
  default:
    return {1, 1, layer.hidden}; // the score of the shared expert
  }
}

/// Vectors are rows of their own; a bias has an element per row of its weight.
Shape vectorShape(const moelora_layer &layer, moelora_role role) {
  auto biasOf = [&](moelora_role weight) -> Shape {
    Shape shape = weightShape(layer, weight);
    return {shape.experts, 1, shape.rows};
  };
  switch (role) {
  case MOELORA_ROUTER_BIAS:
    return biasOf(MOELORA_ROUTER_WEIGHT);
  case MOELORA_GATE_UP_BIAS:
    return biasOf(MOELORA_GATE_UP_WEIGHT);
  case MOELORA_DOWN_BIAS:
    return biasOf(MOELORA_DOWN_WEIGHT);
  case MOELORA_SHARED_GATE_UP_BIAS:
    return biasOf(MOELORA_SHARED_GATE_UP_WEIGHT);
  case MOELORA_SHARED_DOWN_BIAS:
    return biasOf(MOELORA_SHARED_DOWN_WEIGHT);
  case MOELORA_LATENT_IN_BIAS:
    return biasOf(MOELORA_LATENT_IN_WEIGHT);
  case MOELORA_LATENT_OUT_BIAS:
    return biasOf(MOELORA_LATENT_OUT_WEIGHT);
  case MOELORA_SELECTION_BIAS:
    return {1, 1, layer.router.experts - layer.router.always};
  case MOELORA_EXPERT_SCALE:
    return {1, 1, layer.router.experts};
  default:
    return {1, 1, layer.hidden}; // of a norm
  }
}

MatrixView matrixOf(const OperandView &view, const Shape &shape,
                    int64_t expert) {
  return ExpertsView{view.type, view.data, shape.experts, shape.rows,
                     shape.columns}
      .expert(expert);
}

} // namespace

MatrixView Token::weight(moelora_role role, int64_t expert) const {
  return matrixOf(problem.operand[role], weightShape(problem.layer, role),
                  expert);
}

Vector Token::vector(moelora_role role, int64_t expert) const {
  if (!(operands >> role & 1))
    return {};
  return matrixOf(problem.operand[role], vectorShape(problem.layer, role),
                  expert)
      .row(0);
}

const LoraPair *Token::pair(moelora_projection projection,
                            int64_t expert) const {
  return adapter ? adapter->find(projection, expert) : nullptr;
}

std::vector<Vector> Token::applyParts(const Linear &linear, const Vector &x,
                                      int64_t expert) const {
  const LoraPair *whole = pair(linear.pair, expert);
  int64_t parts = problem.ranks.tp, columns = int64_t(x.size()) / parts;
  std::vector<Vector> rows;
  for (int64_t part = 0; part < parts; ++part) {
    auto first = x.begin() + part * columns;
    Vector own(first, first + columns);
    Vector bias = part ? Vector() : vector(linear.bias, expert);
    Vector base =
        expertGemm(weight(linear.weight, expert).columnsOf(part, parts), own,
                   bias, problem.rounding);
    LoraPair delta = whole ? *whole : LoraPair();
    delta.a = delta.a.columnsOf(part, parts);
    rows.push_back(loraDelta(std::move(base), whole ? &delta : nullptr, own,
                             problem.rounding));
  }
  return rows;
}

Vector Token::apply(const Linear &linear, const Vector &x,
                    int64_t expert) const {
  Vector base = expertGemm(weight(linear.weight, expert), x,
                           vector(linear.bias, expert), problem.rounding);
  return loraDelta(std::move(base), pair(linear.pair, expert), x,
                   problem.rounding);
}

} // namespace moelora::reference
