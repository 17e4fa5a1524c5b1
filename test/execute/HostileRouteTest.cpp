// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ids that no router should see: token ids and rows of a table, and ids of
// experts that have no weights.

#include "Routing.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::ElementsAre;

namespace {

constexpr int32_t hostile[] = {-1, -2, 3, 4, INT32_MIN, INT32_MAX};

moelora_router tableRouter() {
  moelora_router router = makeRouter(4, 2);
  router.score = MOELORA_SCORE_SIGMOID;
  router.table_rows = 3;
  return router;
}

RouteData tableData() {
  RouteData data;
  data.logits = {0, 0, 0, 0};
  data.table = {0, 1, 2, 3, 1, 0};
  data.tokenIds = {1};
  return data;
}

TEST(HostileRoute, AGoodTokenIdIsNotCounted) {
  Routed routed = route(tableRouter(), tableData());
  EXPECT_THAT(routed.ids, ElementsAre(2, 3));
  EXPECT_THAT(routed.weights, ElementsAre(0.5f, 0.5f));
  EXPECT_EQ(routed.stats.dropped_pairs, 0u);
}

TEST(HostileRoute, TokenIdsOutsideTheTableAreDroppedAndCounted) {
  for (int32_t bad : hostile) {
    RouteData data = tableData();
    data.tokenIds = {bad};
    Routed routed = route(tableRouter(), data);
    EXPECT_THAT(routed.ids, ElementsAre(-1, -1)) << bad;
    EXPECT_THAT(routed.weights, ElementsAre(0, 0)) << bad;
    EXPECT_EQ(routed.stats.dropped_pairs, 2u) << bad;
  }
}

TEST(HostileRoute, TableEntriesOutsideTheExpertsLeaveTheOthersAlone) {
  moelora_router router = tableRouter();
  router.renormalize = MOELORA_RENORMALIZE_SUM;
  for (int32_t bad : {-1, -2, 4, 5, INT32_MIN, INT32_MAX}) {
    RouteData data = tableData();
    data.table[2] = bad;
    Routed routed = route(router, data);
    EXPECT_THAT(routed.ids, ElementsAre(-1, 3)) << bad;
    EXPECT_THAT(routed.weights, ElementsAre(0, 1)) << bad;
    EXPECT_EQ(routed.stats.dropped_pairs, 1u) << bad;
  }
}

TEST(HostileRoute, ATokenOfHostileIdsLeavesOtherTokensAlone) {
  RouteData one = tableData(), three = tableData();
  three.logits.assign(12, 0);
  three.tokenIds = {INT32_MAX, 1, -5};
  Routed all = route(tableRouter(), three), alone = route(tableRouter(), one);
  EXPECT_EQ(all.ids[2], alone.ids[0]);
  EXPECT_EQ(all.weights[3], alone.weights[1]);
}

TEST(IdentityWeights, SumOfTheIdsInRange) {
  std::vector<int32_t> ids = {9, 3, 8, 10, -1, 7, 8, 8, 9, INT32_MIN, 0, 9};
  std::vector<float> weights = {1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 16, 32};
  std::vector<float> sums(2);
  serialServices().identity_weights(2, 6, 8, 10, ids.data(), weights.data(),
                                    sums.data());
  EXPECT_THAT(sums, ElementsAre(5, 39));
}

/// As they come, (2^30 + 1) - 2^30 is 0 in f32, and (2^30 - 2^30) + 1 is 1.
TEST(IdentityWeights, OrderOfTheChoicesMeansNothing) {
  std::vector<int32_t> ids = {0, 1, 2, 2, 1, 0, 1, 2, 0};
  std::vector<float> weights = {0x1p30f, 1, -0x1p30f, -0x1p30f, 1,
                                0x1p30f, 1, -0x1p30f, 0x1p30f};
  std::vector<float> sums(3);
  serialServices().identity_weights(3, 3, 0, 3, ids.data(), weights.data(),
                                    sums.data());
  EXPECT_THAT(sums, ElementsAre(0, 0, 0));
}

TEST(IdentityWeights, NoIdInRangeIsZero) {
  int32_t ids[] = {INT32_MAX, -1};
  float weights[] = {1, 1}, sum = 9;
  serialServices().identity_weights(1, 2, 8, 10, ids, weights, &sum);
  EXPECT_EQ(sum, 0);
}

/// Ids of zero experts have no rows, and are valid.
TEST(ZeroExperts, HaveNoRowsAndAreNotCounted) {
  int32_t ids[] = {0, 8, 9, 1, 10, -1, INT32_MIN, INT32_MAX};
  moelora_plan_shape shape = {4, 2, 8, 0, 4, 4, 2, 4, 0};
  std::vector<int32_t> arrays[4];
  for (auto &array : arrays)
    array.resize(8 + 8 + 2);
  std::vector<moelora_tile> tiles(8);
  std::vector<moelora_segment> segments(8);
  moelora_plan plan = {};
  plan.row_token = arrays[0].data();
  plan.row_pair = arrays[1].data();
  plan.row_slot = arrays[2].data();
  plan.scratch = arrays[3].data();
  plan.tile = tiles.data();
  plan.segment = segments.data();
  moelora_run_stats stats = {};
  serialServices().plan(&shape, ids, nullptr, &plan, &stats);
  EXPECT_EQ(plan.rows, 2);
  EXPECT_EQ(plan.row_pair[0], 0);
  EXPECT_EQ(plan.row_pair[1], 3);
  EXPECT_EQ(stats.dropped_pairs, 3u); // 10, and the two extremes
}

} // namespace
