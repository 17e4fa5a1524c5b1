// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Exact.h"

#include "moelora/reference/Bound.h"

#include <algorithm>
#include <map>

using namespace moelora;
using namespace moelora::run;
using reference::MatrixView;
using reference::Vector;

namespace {

/// Rounding A x moves an adapter's part of a logit by about one unit of its
/// size; four times that leaves room for the signs of its terms.
constexpr double DeltaMargin = 4;

} // namespace

Exact::Exact(const moelora_layer &layer, int layerNumber, moelora_entry entry,
             const Inputs &inputs, const Weights &weights,
             const std::vector<OpenAdapter> &adapters)
    : layerNumber(layerNumber), adapters(adapters) {
  problem.layer = layer;
  problem.tokens = inputs.tokens;
  problem.entry = entry == MOELORA_ENTRY_IDS ? reference::Entry::FromIds
                  : entry == MOELORA_ENTRY_LOGITS
                      ? reference::Entry::FromLogits
                      : reference::Entry::Everything;
  for (size_t role = 0; role < MOELORA_ROLES; ++role) {
    const Operand &input = inputs.operand[role];
    const Operand &operand =
        input.buffer.data() ? input : weights.operand[role];
    problem.operand[role] = {operand.type, operand.buffer.data()};
  }
  problem.slots = inputs.slots.data();
  problem.expertIds = inputs.expertIds.data();
  problem.adapters.assign(adapters.size(), nullptr);
  std::string broken = reference::problemError(problem);
  if (!broken.empty())
    throw Error(broken);
}

Vector Exact::row(moelora_role role, int64_t token, int64_t width) const {
  const reference::OperandView &view = problem.operand[role];
  return MatrixView{view.type, view.data, problem.tokens, width, width}.row(
      token);
}

/// The exact logits of one token, and how far rounding may move each.
Exact::Logits Exact::computeLogits(const MatrixView &weight, const Vector &x,
                                   const reference::LoraPair *pair) const {
  Vector base = reference::multiply(weight, x), margins(base.size());
  for (size_t e = 0; e < base.size(); ++e)
    for (int64_t i = 0; i < weight.columns; ++i)
      margins[e] += std::abs(weight.at(int64_t(e), i) * x[size_t(i)]);
  Vector values =
      reference::loraDelta(base, pair, x, reference::Rounding::exact());
  double largest = 0;
  for (size_t e = 0; e < base.size(); ++e)
    largest = std::max(largest, std::abs(values[e] - base[e]));
  double unit = reference::unitOf(moelora_dtype(problem.layer.dtype));
  for (double &margin : margins)
    margin =
        margin * reference::unitOf(MOELORA_F32) + DeltaMargin * unit * largest;
  return {values, margins};
}

/// The logits with every chosen expert at its worst and every other at its
/// best.
Vector Exact::provoke(const Logits &logits,
                      const std::vector<int32_t> &chosen) {
  Vector values = logits.values;
  for (size_t e = 0; e < values.size(); ++e)
    values[e] += logits.margins[e];
  for (int32_t e : chosen)
    values[size_t(e)] -= 2 * logits.margins[size_t(e)];
  return values;
}

Vector Exact::biasOf(moelora_role role) const {
  return problem.operand[role].data ? row(role, 0, problem.layer.router.experts)
                                    : Vector();
}

Exact::Logits Exact::logitsOf(int64_t token,
                              const reference::Adapter *adapter) const {
  int64_t experts = problem.layer.router.experts, width = problem.layer.hidden;
  if (problem.entry == reference::Entry::FromLogits)
    return {row(MOELORA_ROUTER_LOGITS, token, experts),
            Vector(size_t(experts))};
  bool ownHidden = problem.operand[MOELORA_ROUTER_HIDDEN].data != nullptr;
  const reference::OperandView &weight = problem.operand[MOELORA_ROUTER_WEIGHT];
  Logits logits = computeLogits(
      {weight.type, weight.data, experts, width, width},
      row(ownHidden ? MOELORA_ROUTER_HIDDEN : MOELORA_HIDDEN, token, width),
      adapter ? adapter->find(MOELORA_ROUTER, 0) : nullptr);
  Vector bias = biasOf(MOELORA_ROUTER_BIAS);
  for (size_t e = 0; e < bias.size(); ++e)
    logits.values[e] += bias[e];
  return logits;
}

Exact::Choice Exact::choose(int64_t token,
                            const reference::Adapter *adapter) const {
  const moelora_router &router = problem.layer.router;
  if (problem.entry == reference::Entry::FromIds) {
    const int32_t *ids = problem.expertIds + token * router.top_k;
    Choice given;
    std::copy_if(ids, ids + router.top_k, std::back_inserter(given.experts),
                 [&](int32_t id) { return id >= 0 && id < router.experts; });
    return given;
  }
  auto best = [&](const Vector &values) {
    auto ids = reference::route(router, values, biasOf(MOELORA_SELECTION_BIAS),
                                {}, reference::Rounding::exact())
                   .ids;
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  Logits logits = logitsOf(token, adapter);
  Choice choice;
  choice.experts = best(logits.values);
  choice.decided = best(provoke(logits, choice.experts)) == choice.experts;
  return choice;
}

void Exact::evaluateSlot(int32_t slot, const std::vector<size_t> &places,
                         ExactRows &result, int threads) {
  std::unique_ptr<ExactAdapter> adapter;
  if (slot >= 0) {
    adapter = std::make_unique<ExactAdapter>(adapters[size_t(slot)],
                                             problem.layer, layerNumber);
    for (int p = MOELORA_ROUTER; p < MOELORA_PROJECTIONS; ++p)
      adapter->read(moelora_projection(p), 0);
    problem.adapters[size_t(slot)] = &adapter->get();
  }
  std::vector<int64_t> tokens;
  for (size_t place : places) {
    tokens.push_back(result.tokens[place]);
    Choice choice = choose(tokens.back(), adapter ? &adapter->get() : nullptr);
    result.decided[place] = choice.decided;
    for (int32_t expert : choice.experts)
      for (auto p : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
        if (adapter)
          adapter->read(p, expert);
  }
  reference::Output output =
      reference::evaluate(problem, tokens, withBounds, threads);
  size_t width = size_t(problem.layer.hidden);
  for (size_t i = 0; i < places.size(); ++i) {
    std::copy_n(output.rows.begin() + i * width, width,
                result.rows.begin() + places[i] * width);
    if (withBounds)
      std::copy_n(output.bounds.begin() + i * width, width,
                  result.bounds.begin() + places[i] * width);
  }
  if (slot >= 0)
    problem.adapters[size_t(slot)] = nullptr;
}

ExactRows Exact::evaluate(const std::vector<int64_t> &tokens, bool bounds,
                          int threads) {
  withBounds = bounds;
  size_t elements = tokens.size() * size_t(problem.layer.hidden);
  ExactRows result;
  result.tokens = tokens;
  result.rows.resize(elements);
  result.bounds.resize(bounds ? elements : 0);
  result.decided.assign(tokens.size(), true);
  std::map<int32_t, std::vector<size_t>> bySlot;
  for (size_t place = 0; place < tokens.size(); ++place)
    bySlot[problem.slots[tokens[place]]].push_back(place);
  for (const auto &[slot, places] : bySlot)
    evaluateSlot(slot, places, result, threads);
  return result;
}
