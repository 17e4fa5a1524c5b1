// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Exact.h"

#include "moelora/host/Group.h"
#include "moelora/host/Handles.h"

#include <algorithm>
#include <map>

using namespace moelora;
using namespace moelora::host;

ExactAdapter::ExactAdapter(const OpenAdapter &opened,
                           const moelora_layer &layer, int layerNumber)
    : name(opened.name), handle(opened.handle.get()), layerNumber(layerNumber) {
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    adapter.pairs[size_t(p)].resize(
        p <= MOELORA_DOWN ? size_t(layer.router.experts) : 1);
}

void ExactAdapter::read(moelora_projection projection, int32_t expert) {
  auto info = sized<moelora_pair_info>();
  if (!done.emplace(projection, expert).second ||
      moelora_adapter_pair(handle, layerNumber, projection, expert, &info) !=
          MOELORA_OK)
    return;
  std::string context = "adapter " + name + ": ";
  auto &a = storage.emplace_back(size_t(info.rank * info.in));
  callFor(context, moelora_adapter_read_a, handle, layerNumber, projection,
          expert, a.data());
  const float *aData = a.data();
  auto &b = storage.emplace_back(size_t(info.out * info.rank));
  callFor(context, moelora_adapter_read_b, handle, layerNumber, projection,
          expert, b.data());
  adapter.pairs[projection][size_t(expert)] = {
      {MOELORA_F32, aData, info.rank, info.in, info.in},
      {MOELORA_F32, b.data(), info.out, info.rank, info.rank},
      info.scale};
}

/// The ranks over which a variant was cut, with its map of experts.
static reference::Ranks ranksOf(const moelora_variant &variant) {
  Grid grid(variant);
  auto [dp, ep, tp] = grid.sizes;
  reference::Ranks ranks = {ep, tp, {}};
  auto shapeOf = [&](moelora_role role) {
    int32_t row = moelora_variant_operand(&variant, role, MOELORA_PART_VALUES);
    return row < 0 ? nullptr : variant.operand[row].shape;
  };
  const int64_t *map = shapeOf(MOELORA_EXPERT_MAP);
  if (!map || !variant.expert_map)
    return ranks;
  int64_t local = shapeOf(MOELORA_GATE_UP_WEIGHT)[0];
  for (int64_t i = 0; i < map[0] * map[1]; ++i) {
    int32_t place = variant.expert_map[i];
    ranks.experts.push_back(place < 0 ? -1 : int32_t(place / local));
  }
  return ranks;
}

Exact::Exact(const moelora_layer &layer, const moelora_variant &variant,
             int layerNumber, moelora_entry_kind entry, const Inputs &inputs,
             const Weights &weights, const std::vector<OpenAdapter> &adapters)
    : layerNumber(layerNumber), adapters(adapters) {
  problem.layer = layer;
  problem.ranks = ranksOf(variant);
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

/// Reads the pairs for routing first, and then those of the chosen experts.
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

/// Evaluates a part of the tokens of one slot, whose adapter has been read.
void Exact::evaluatePart(const std::vector<size_t> &places, ExactRows &result,
                         int threads) const {
  std::vector<int64_t> tokens;
  for (size_t place : places)
    tokens.push_back(result.tokens[place]);
  reference::Output output =
      reference::evaluate(problem, tokens, withBounds, threads);
  size_t width = size_t(problem.layer.hidden);
  auto copy = [&](const reference::Vector &from, reference::Vector &to) {
    for (size_t i = 0; i < places.size(); ++i)
      std::copy_n(from.begin() + i * width, width,
                  to.begin() + places[i] * width);
  };
  copy(output.rows, result.rows);
  for (size_t i = 0; i < places.size(); ++i)
    result.routed[places[i]] = std::move(output.routed[i]);
  if (!withBounds)
    return;
  copy(output.bounds, result.bounds);
  for (size_t i = 0; i < places.size(); ++i)
    result.decided[places[i]] = output.decided[i];
}

void Exact::evaluateSlot(int32_t slot, const std::vector<size_t> &places,
                         ExactRows &result, int threads, ProgressCount &count) {
  std::unique_ptr<ExactAdapter> adapter;
  if (slot >= 0) {
    adapter = std::make_unique<ExactAdapter>(adapters[size_t(slot)],
                                             problem.layer, layerNumber);
    problem.adapters[size_t(slot)] = &adapter->get();
    std::vector<int64_t> tokens;
    for (size_t place : places)
      tokens.push_back(result.tokens[place]);
    readAdapter(*adapter, tokens);
  }
  constexpr size_t tokensPerThread = 8; // so that progress is visible
  size_t part = tokensPerThread * size_t(std::max(threads, 1));
  for (size_t begin = 0; begin < places.size(); begin += part) {
    size_t end = std::min(begin + part, places.size());
    auto first = places.begin();
    evaluatePart({first + int64_t(begin), first + int64_t(end)}, result,
                 threads);
    count.advance(end - begin);
  }
  if (slot >= 0)
    problem.adapters[size_t(slot)] = nullptr;
}

ExactRows Exact::evaluate(const std::vector<int64_t> &tokens, bool bounds,
                          int threads, const Progress &progress) {
  withBounds = bounds;
  size_t elements = tokens.size() * size_t(problem.layer.hidden);
  ExactRows result;
  result.tokens = tokens;
  result.width = problem.layer.hidden;
  result.rows.resize(elements);
  result.routed.resize(tokens.size());
  result.bounds.resize(bounds ? elements : 0);
  result.decided.resize(bounds ? tokens.size() : 0);
  std::map<int32_t, std::vector<size_t>> bySlot;
  for (size_t place = 0; place < tokens.size(); ++place)
    bySlot[problem.slots[tokens[place]]].push_back(place);
  ProgressCount count(progress, tokens.size(), "tokens evaluated");
  for (const auto &[slot, places] : bySlot)
    evaluateSlot(slot, places, result, threads, count);
  return result;
}
