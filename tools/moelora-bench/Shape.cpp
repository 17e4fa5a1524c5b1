// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Shape.h"

#include "moelora/host/Handles.h"
#include "moelora/reference/Random.h"

#include <algorithm>
#include <map>
#include <set>

namespace moelora::bench {

std::string fileOf(const Shape &shape) {
  std::string name = shape.name;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

host::Json configOf(const Shape &shape, int64_t layers) {
  if (shape.isGptOss)
    return {{"model_type", "gpt_oss"},
            {"hidden_size", shape.hidden},
            {"intermediate_size", shape.intermediate},
            {"num_local_experts", shape.experts},
            {"num_experts_per_tok", shape.topK},
            {"num_hidden_layers", layers},
            {"hidden_act", "silu"},
            {"swiglu_limit", 7.0},
            {"torch_dtype", "bfloat16"}};
  return {{"model_type", "qwen3_moe"},
          {"hidden_size", shape.hidden},
          {"moe_intermediate_size", shape.intermediate},
          {"num_experts", shape.experts},
          {"num_experts_per_tok", shape.topK},
          {"num_hidden_layers", layers},
          {"hidden_act", "silu"},
          {"norm_topk_prob", true},
          {"torch_dtype", "bfloat16"}};
}

models::Model modelOf(const Shape &shape, int64_t layers) {
  auto model =
      models::parseModel(host::textOf(configOf(shape, layers)), shape.name);
  if (!model)
    throw host::Error(model.message());
  return *model;
}

/// `stream` makes one routing differ from the next. Experts do not depend on
/// the number of adapters.
static Routing makeRouting(const Shape &shape, const Cell &cell,
                           uint64_t stream) {
  Routing routing;
  uint64_t slots = ~stream;
  for (int64_t token = 0; token < cell.tokens; ++token) {
    std::set<int32_t> chosen;
    while (static_cast<int32_t>(chosen.size()) < shape.topK)
      chosen.insert(
          static_cast<int32_t>(reference::mix(stream++) % shape.experts));
    routing.ids.insert(routing.ids.end(), chosen.begin(), chosen.end());
    int32_t slot = cell.adapters
                       ? static_cast<int32_t>(reference::mix(slots--) %
                                              uint64_t(cell.adapters))
                       : -1;
    routing.slots.push_back(slot);
  }
  return routing;
}

std::vector<int32_t> ranksOf(const Cell &cell) {
  std::vector<int32_t> ranks;
  for (int32_t adapter = 0; adapter < cell.adapters; ++adapter)
    ranks.push_back(
        std::max(cell.mixed ? cell.rank >> adapter % 4 : cell.rank, 1));
  return ranks;
}

std::vector<Routing> makeRoutings(const Shape &shape, const Cell &cell) {
  constexpr int64_t smallBatch = 16;
  uint64_t count = cell.tokens <= smallBatch ? 12 : 1;
  std::vector<Routing> routings;
  for (uint64_t index = 0; index < count; ++index)
    routings.push_back(makeRouting(shape, cell, index << 32));
  return routings;
}

static Work countOne(const Shape &shape, const Cell &cell,
                     const Routing &routing) {
  constexpr double elementBytes = 2;
  std::set<int32_t> experts;
  std::set<std::pair<int32_t, int32_t>> pairs;
  for (size_t pair = 0; pair < routing.ids.size(); ++pair) {
    int32_t slot = routing.slots[pair / shape.topK];
    experts.insert(routing.ids[pair]);
    if (slot >= 0)
      pairs.insert({routing.ids[pair], slot});
  }
  double H = shape.hidden, I = shape.intermediate, r = cell.rank;
  double P = routing.ids.size(), adapted = cell.adapters ? P : 0;
  Work work;
  work.bytes = elementBytes *
               (experts.size() * 3 * H * I + pairs.size() * 3 * r * (H + I) +
                2 * cell.tokens * H + 2 * P * I);
  work.flops = 6 * P * H * I + adapted * 6 * r * (H + I);
  return work;
}

Work countWork(const Shape &shape, const Cell &cell,
               const std::vector<Routing> &routings) {
  Work mean = {};
  for (const Routing &routing : routings) {
    Work one = countOne(shape, cell, routing);
    mean.bytes += one.bytes / routings.size();
    mean.flops += one.flops / routings.size();
  }
  return mean;
}

Groups groupsOf(const Shape &shape, const Routing &routing,
                const std::vector<int32_t> &ranks) {
  constexpr int64_t pageRanks = 16, groupRows = 8;
  std::map<int32_t, std::vector<int32_t>> rows; // the slots, by expert
  for (size_t pair = 0; pair < routing.ids.size(); ++pair)
    rows[routing.ids[pair]].push_back(routing.slots[pair / shape.topK]);
  Groups groups;
  groups.experts = int64_t(rows.size());
  for (auto &[expert, slots] : rows) {
    std::sort(slots.begin(), slots.end());
    for (size_t row = 0; row < slots.size(); ++row) {
      if (slots[row] < 0)
        continue;
      int64_t pages = (ranks[slots[row]] + pageRanks - 1) / pageRanks;
      bool begins = row == 0 || slots[row - 1] != slots[row];
      groups.segments += begins;
      groups.pagesOfRows += pages;
      groups.pagesOfSegments += begins ? pages : 0;
      groups.pagesOfGroups += begins || row % groupRows == 0 ? pages : 0;
    }
  }
  return groups;
}

} // namespace moelora::bench
