// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PlanCheck.h"
#include "moelora/reference/Random.h"

#include <gmock/gmock.h>

#include <algorithm>

using namespace moelora::test;
using Random = moelora::reference::RandomNumbers;

namespace {

struct Row {
  int32_t expert, slot, pair;

  bool operator<(const Row &other) const {
    return std::tie(expert, slot, pair) <
           std::tie(other.expert, other.slot, other.pair);
  }
  bool isAfter(const Row &other) const { // in the same segment
    return expert == other.expert && slot == other.slot;
  }
};

/// The rows of the pairs that name an expert.
std::vector<Row> sortRows(const PlanShape &shape, const PlanBatch &batch) {
  std::vector<Row> rows;
  for (int32_t pair = 0; pair < batch.validTokens * shape.topK; ++pair) {
    int32_t expert = batch.expertIds[size_t(pair)];
    int32_t slot = batch.numbers[size_t(pair / shape.topK)];
    bool hasSlot = slot >= 0 && slot < shape.slots;
    if (expert >= 0 && expert < shape.experts)
      rows.push_back({expert, hasSlot ? slot : -1, pair});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

Planned planOnHost(const PlanShape &shape, const PlanBatch &batch) {
  std::vector<Row> rows = sortRows(shape, batch);
  size_t pairs = batch.expertIds.size();
  Planned plan;
  plan.rows = int32_t(rows.size());
  plan.rowPair = plan.pairRow = plan.rowSegment =
      std::vector<int32_t>(pairs, -1);
  plan.segments.assign(pairs, {-1, -1, -1, -1});
  int32_t segment = 0;
  for (int32_t i = 0; i < plan.rows; ++i) {
    const Row &row = rows[size_t(i)];
    plan.rowPair[size_t(i)] = row.pair;
    plan.pairRow[size_t(row.pair)] = i;
    bool isFirst = i == 0 || rows[size_t(i) - 1].expert != row.expert;
    if (isFirst || plan.tiles.back()[2] == shape.tile)
      plan.tiles.push_back({row.expert, i, 0, 0});
    ++plan.tiles.back()[2];
    if (isFirst || !row.isAfter(rows[size_t(i) - 1]))
      segment = i;
    if (segment == i || shape.inShrink)
      plan.segments[size_t(i)] = {i, i, row.slot,
                                  row.slot < 0 ? -1 : row.expert};
    plan.rowSegment[size_t(i)] = shape.inShrink ? i : segment;
    plan.segments[size_t(segment)][1] = i + 1;
  }
  // Every row of a segment has one that ends with it.
  for (int32_t i = 0; shape.inShrink && i < plan.rows; ++i) {
    const Row &row = rows[size_t(i)];
    int32_t begin = i > 0 && row.isAfter(rows[size_t(i) - 1]) ? i - 1 : i;
    plan.segments[size_t(i)][1] = plan.segments[size_t(begin)][1];
  }
  for (int32_t pair = 0; pair < batch.validTokens * shape.topK; ++pair) {
    int32_t expert = batch.expertIds[size_t(pair)];
    plan.dropped += expert < -1 || expert >= shape.experts;
  }
  return plan;
}

/// Ids that name nothing, or few experts, or all of them.
PlanBatch makeBatch(Random &random, const PlanShape &shape, int64_t tokens) {
  PlanBatch batch;
  batch.validTokens =
      int32_t(random.oneIn(3) ? random.below(tokens + 1) : tokens);
  int64_t experts = random.oneIn(2) ? shape.experts : shape.topK;
  auto pick = [&](int64_t count, int32_t end) {
    return random.oneIn(9)
               ? random.pick({-1, -1, -2, end, INT32_MIN, INT32_MAX})
               : int32_t(random.below(count));
  };
  for (int64_t i = 0; i < tokens * shape.topK; ++i)
    batch.expertIds.push_back(pick(experts, shape.experts));
  for (int64_t t = 0; t < tokens; ++t)
    batch.numbers.push_back(pick(shape.slots, shape.slots));
  return batch;
}

} // namespace

void moelora::test::expectTheSamePlan(const PlanShape &shape, int64_t tokens,
                                      uint64_t seed,
                                      const std::string &options) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", experts " +
               std::to_string(shape.experts) + ", slots " +
               std::to_string(shape.slots) + ", top_k " +
               std::to_string(shape.topK) + ", tokens " +
               std::to_string(tokens));
  Random random(seed);
  PlanBatch batch = makeBatch(random, shape, tokens);
  Planned wanted = planOnHost(shape, batch);
  Planned found = planOnEmulator(shape, batch, "architecture=86" + options);
  ASSERT_EQ(found.rows, wanted.rows);
  // Not printed: they are long.
  EXPECT_TRUE(found.rowPair == wanted.rowPair);
  EXPECT_TRUE(found.pairRow == wanted.pairRow);
  EXPECT_TRUE(found.rowSegment == wanted.rowSegment);
  EXPECT_TRUE(found.tiles == wanted.tiles);
  EXPECT_TRUE(found.segments == wanted.segments);
  EXPECT_THAT(found.counters, testing::Each(0));
  EXPECT_EQ(found.dropped, wanted.dropped);
}
