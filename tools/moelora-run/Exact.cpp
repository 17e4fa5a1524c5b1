// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Exact.h"

#include <algorithm>
#include <map>

using namespace moelora;
using namespace moelora::run;

Exact::Exact(const moelora_layer &layer, int layerNumber,
             moelora_entry_kind entry, const Inputs &inputs,
             const Weights &weights, const std::vector<OpenAdapter> &adapters)
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
  problem.tokenIds = inputs.tokenIds.data();
  problem.tokenTable = reinterpret_cast<const int32_t *>(
      weights.operand[MOELORA_TOKEN_TABLE].buffer.data());
  problem.adapters.assign(adapters.size(), nullptr);
  std::string broken = reference::problemError(problem);
  if (!broken.empty())
    throw Error(broken);
}

/// What routing reads first, then the experts that it chooses.
void Exact::readAdapter(ExactAdapter &adapter,
                        const std::vector<int64_t> &tokens) {
  for (int p = MOELORA_ROUTER; p < MOELORA_PROJECTIONS; ++p)
    adapter.read(moelora_projection(p), 0);
  int32_t experts = problem.layer.router.experts;
  for (int64_t token : tokens)
    for (int32_t expert : reference::routeToken(problem, token).ids)
      if (expert >= 0 && expert < experts)
        for (auto p : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
          adapter.read(p, expert);
}

void Exact::evaluateSlot(int32_t slot, const std::vector<size_t> &places,
                         ExactRows &result, int threads) {
  std::vector<int64_t> tokens;
  for (size_t place : places)
    tokens.push_back(result.tokens[place]);
  std::unique_ptr<ExactAdapter> adapter;
  if (slot >= 0) {
    adapter = std::make_unique<ExactAdapter>(adapters[size_t(slot)],
                                             problem.layer, layerNumber);
    problem.adapters[size_t(slot)] = &adapter->get();
    readAdapter(*adapter, tokens);
  }
  reference::Output output =
      reference::evaluate(problem, tokens, withBounds, threads);
  size_t width = size_t(problem.layer.hidden);
  auto copy = [&](const reference::Vector &from, reference::Vector &to) {
    for (size_t i = 0; i < places.size(); ++i)
      std::copy_n(from.begin() + i * width, width,
                  to.begin() + places[i] * width);
  };
  copy(output.rows, result.rows);
  if (withBounds)
    copy(output.bounds, result.bounds);
  for (size_t i = 0; withBounds && i < places.size(); ++i)
    result.decided[places[i]] = output.decided[i];
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
