// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans against a naive model: sort the pairs with the standard library, cut
// the runs by hand.

#include "Services.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>

using namespace moelora::test;
using testing::ElementsAre;

namespace {

/// A plan with arrays of exactly the documented capacities, followed by
/// canaries.
struct Plan {
  static constexpr int32_t Canary = 0x5a5a5a5a;

  explicit Plan(const moelora_plan_shape &shape) {
    size_t pairs = size_t(shape.tokens) * size_t(shape.top_k);
    token.assign(pairs + 1, Canary);
    pair = slot = token;
    tile.assign(pairs + 1, {Canary, Canary, Canary, Canary});
    segment.assign(pairs + 1, {Canary, Canary, Canary, Canary, Canary, Canary});
    scratch.assign(pairs + size_t(shape.experts + shape.slots) + 3, Canary);
    plan = {0,
            0,
            0,
            0,
            token.data(),
            pair.data(),
            slot.data(),
            tile.data(),
            segment.data(),
            scratch.data()};
  }
  bool intact() const {
    return token.back() == Canary && pair.back() == Canary &&
           slot.back() == Canary && scratch.back() == Canary &&
           tile.back().rows == Canary && segment.back().rows == Canary;
  }

  std::vector<int32_t> token, pair, slot, scratch;
  std::vector<moelora_tile> tile;
  std::vector<moelora_segment> segment;
  moelora_plan plan;
  moelora_run_stats stats = {};
};

Plan makePlan(const moelora_plan_shape &shape, const int32_t *experts,
              const int32_t *numbers) {
  Plan plan(shape);
  serialServices().plan(&shape, experts, numbers, &plan.plan, &plan.stats);
  EXPECT_TRUE(plan.intact());
  return plan;
}

/// The sizes of parts of at most `limit` rows into which n rows are divided.
std::vector<int32_t> cut(int32_t n, int32_t limit) {
  std::vector<int32_t> sizes((n + limit - 1) / limit, 0);
  for (int32_t i = 0; i < n; ++i)
    ++sizes[size_t(i) % sizes.size()];
  return sizes;
}

struct Naive {
  std::vector<int32_t> pairs;
  std::vector<std::vector<int32_t>> tiles, segments;
  uint64_t dropped = 0;
};

Naive naivePlan(const moelora_plan_shape &s, const std::vector<int32_t> &ids,
                const std::vector<int32_t> &numbers) {
  Naive naive;
  std::map<int32_t, std::vector<int32_t>> byExpert;
  int32_t valid = std::min(s.valid_tokens, int32_t(s.tokens)) * s.top_k;
  for (int32_t p = 0; p < valid; ++p)
    if (ids[size_t(p)] >= 0 && ids[size_t(p)] < s.experts)
      byExpert[ids[size_t(p)]].push_back(p);
    else
      naive.dropped += ids[size_t(p)] != -1;
  auto slotOf = [&](int32_t p) { return numbers[size_t(p / s.top_k)]; };
  for (auto &[expert, pairs] : byExpert) {
    std::sort(pairs.begin(), pairs.end(), [&](int32_t a, int32_t b) {
      return std::pair(slotOf(a), a) < std::pair(slotOf(b), b);
    });
    int32_t row = int32_t(naive.pairs.size());
    for (int32_t tile : cut(int32_t(pairs.size()), s.tile_rows)) {
      naive.tiles.push_back({expert, row, tile});
      for (int32_t group : cut(tile, s.group_rows)) {
        std::map<int32_t, std::vector<int32_t>> bySlot;
        for (int32_t i = 0; i < group;
             ++i, naive.pairs.push_back(pairs[0]), pairs.erase(pairs.begin()))
          bySlot[slotOf(pairs[0])].push_back(row + i);
        for (auto &[slot, rows] : bySlot)
          if (slot >= 0)
            naive.segments.push_back(
                {expert, slot, rows[0], int32_t(rows.size()), row, group});
        row += group;
      }
    }
  }
  return naive;
}

void expectEqual(const Plan &plan, const Naive &naive,
                 const moelora_plan_shape &shape,
                 const std::vector<int32_t> &numbers) {
  ASSERT_EQ(plan.plan.rows, int32_t(naive.pairs.size()));
  for (size_t i = 0; i < naive.pairs.size(); ++i) {
    int32_t token = naive.pairs[i] / shape.top_k;
    ASSERT_EQ(plan.pair[i], naive.pairs[i]);
    ASSERT_EQ(plan.token[i], token);
    ASSERT_EQ(plan.slot[i], numbers[size_t(token)]);
  }
  ASSERT_EQ(plan.plan.tiles, int32_t(naive.tiles.size()));
  for (size_t i = 0; i < naive.tiles.size(); ++i)
    ASSERT_THAT(naive.tiles[i],
                ElementsAre(plan.tile[i].expert, plan.tile[i].begin,
                            plan.tile[i].rows));
  ASSERT_EQ(plan.plan.segments, int32_t(naive.segments.size()));
  for (size_t i = 0; i < naive.segments.size(); ++i) {
    const moelora_segment &s = plan.segment[i];
    ASSERT_THAT(naive.segments[i],
                ElementsAre(s.expert, s.slot, s.begin, s.rows, s.group_begin,
                            s.group_rows));
  }
  EXPECT_EQ(plan.stats.dropped_pairs, naive.dropped);
}

TEST(Plan, AgreesWithNaiveOneOnRandomHostileIds) {
  constexpr int32_t Hostile[] = {-1, -2, INT32_MIN, INT32_MAX, 1 << 16};
  for (uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto upTo = [&](uint32_t n) { return int32_t(random() % (n + 1)); };
    moelora_plan_shape shape = {upTo(60), 1 + upTo(7), 1 + upTo(20),
                                upTo(5),  1 + upTo(9), 1 + upTo(5),
                                0,        upTo(70),    0};
    std::vector<int32_t> ids, numbers;
    for (int64_t t = 0; t < shape.tokens; ++t) {
      numbers.push_back(upTo(uint32_t(shape.slots)) - 1);
      for (int32_t j = 0; j < shape.top_k; ++j)
        ids.push_back(random() % 8 ? upTo(uint32_t(shape.experts))
                                   : Hostile[random() % 5]);
    }
    expectEqual(makePlan(shape, ids.data(), numbers.data()),
                naivePlan(shape, ids, numbers), shape, numbers);
  }
}

TEST(Plan, WithoutExpertIdsIsOneExpert) {
  moelora_plan_shape shape = {4, 1, 1, 2, 3, 2, 0, 4, 0};
  std::vector<int32_t> numbers = {1, -1, 0, 1};
  Plan plan = makePlan(shape, nullptr, numbers.data());
  plan.token.resize(4);
  EXPECT_THAT(plan.token, ElementsAre(1, 2, 0, 3));
  EXPECT_EQ(plan.plan.tiles, 2);
  EXPECT_EQ(plan.tile[0].rows, 2);
}

/// Nothing of a token beyond them is planned, or counted as a mistake.
TEST(Plan, OnlyValidTokensHavePairs) {
  std::vector<int32_t> ids = {0, 1, 99, 1, -5, 0};
  for (int32_t valid : {-1, 0, 1, 3, 4}) {
    moelora_plan_shape shape = {3, 2, 2, 1, 4, 4, 0, valid, 0};
    Plan plan = makePlan(shape, ids.data(), nullptr);
    int32_t tokens = std::clamp(valid, 0, 3);
    EXPECT_EQ(plan.plan.rows, tokens == 0 ? 0 : tokens == 1 ? 2 : 4);
    EXPECT_EQ(plan.stats.dropped_pairs, tokens == 3 ? 2u : 0u);
  }
}

TEST(Plan, SlotsOutOfRangeAreBase) {
  moelora_plan_shape shape = {3, 1, 1, 1, 4, 4, 0, 3, 0};
  std::vector<int32_t> numbers = {1, -7, 0};
  Plan plan = makePlan(shape, nullptr, numbers.data());
  plan.slot.resize(3);
  EXPECT_THAT(plan.slot, ElementsAre(-1, -1, 0));
  EXPECT_EQ(plan.plan.segments, 1);
}

} // namespace
