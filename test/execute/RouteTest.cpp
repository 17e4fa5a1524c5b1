// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every combination of router stages against the reference, and the results
// that rounding must not change: ties, NaN, saturation.

#include "Routing.h"

#include "moelora/reference/Ops.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

using namespace moelora::test;
using testing::ElementsAre;

namespace {

template <typename Random> moelora_router randomRouter(Random &random) {
  auto pick = [&](int32_t low, int32_t high) {
    return low + int32_t(random() % uint32_t(high - low + 1));
  };
  moelora_router router = makeRouter(1 << pick(2, 6), 1);
  router.groups = 1 << pick(0, 2);
  router.top_groups = pick(1, router.groups);
  router.top_k = pick(1, router.experts / router.groups * router.top_groups);
  router.logit_scale = pick(0, 1) ? 1 : 0.5f;
  router.softcap = pick(0, 2) ? 0 : 2.0f;
  router.score = pick(1, 4);
  router.bias_on = pick(0, 2);
  router.group_score = pick(1, 2);
  router.group_fill_zero = pick(0, 1);
  router.post = pick(0, 2);
  router.renormalize = pick(0, 3);
  router.epsilon = pick(0, 1) ? 0 : 0.25f;
  router.norm_p = pick(0, 1) ? 2 : 3;
  router.scale = pick(0, 1) ? 1 : 2.5f;
  router.expert_scale = pick(0, 1);
  if (!pick(0, 3)) {
    router.table_rows = 1;
  } else if (!pick(0, 2)) { // experts beyond those of the groups
    router.always = pick(1, 3);
    router.experts += router.always;
    router.top_k += router.always;
  }
  return router;
}

std::vector<float> uniform(std::mt19937 &random, size_t count, float limit) {
  std::uniform_real_distribution<float> values(-limit, limit);
  std::vector<float> result(count);
  for (float &value : result)
    value = values(random);
  return result;
}

/// Weights follow logits with a factor of at most a few; renormalising signed
/// scores divides by sums that may cancel, which is not the router's error.
bool wellConditioned(const moelora_router &router,
                     const moelora::reference::Vector &weights) {
  double largest = 0;
  for (double weight : weights)
    largest = std::max(largest, std::abs(weight));
  return router.score != MOELORA_SCORE_IDENTITY || largest < 10;
}

/// Some of them outside of the experts, or twice.
std::vector<int32_t> randomRow(std::mt19937 &random,
                               const moelora_router &router) {
  std::vector<int32_t> row(size_t(router.top_k));
  for (int32_t &id : row)
    id = int32_t(random() % uint32_t(router.experts + 2)) - 1;
  return row;
}

TEST(Route, AgreesWithTheReferenceOnEveryStage) {
  namespace reference = moelora::reference;
  int compared = 0;
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    moelora_router router = randomRouter(random);
    RouteData data;
    data.logits = uniform(random, size_t(router.experts), 4);
    data.bias = uniform(random, size_t(router.experts - router.always), 0.5f);
    data.expertScale = uniform(random, size_t(router.experts), 2);
    data.table = randomRow(random, router);
    data.tokenIds = {0};
    Routed routed = route(router, data);
    reference::RouterOperands operands = {
        {data.bias.begin(), data.bias.end()}, {}, data.table};
    if (router.expert_scale)
      operands.expertScale.assign(data.expertScale.begin(),
                                  data.expertScale.end());
    reference::Routed exact =
        reference::route(router, {data.logits.begin(), data.logits.end()},
                         operands, reference::Rounding::exact());
    if (!wellConditioned(router, exact.weights))
      continue;
    ++compared;
    ASSERT_EQ(routed.ids, exact.ids);
    for (size_t j = 0; j < exact.weights.size(); ++j)
      ASSERT_NEAR(routed.weights[j], exact.weights[j],
                  1e-5 * (std::abs(exact.weights[j]) + 0.01));
  }
  EXPECT_GT(compared, 2500);
}

TEST(Route, TiesGoToTheLowerId) {
  std::vector<float> logits = {0, 1, 2, 1, 2, 1};
  EXPECT_THAT(route(makeRouter(6, 4), logits).ids, ElementsAre(2, 4, 1, 3));
}

TEST(Route, TokensAreIndependent) {
  std::mt19937 random(7);
  std::vector<float> logits = uniform(random, 5 * 16, 3);
  Routed all = route(makeRouter(16, 4), logits);
  for (int t = 0; t < 5; ++t) {
    Routed one = route(makeRouter(16, 4), {logits.begin() + t * 16,
                                           logits.begin() + (t + 1) * 16});
    EXPECT_TRUE(
        std::equal(one.ids.begin(), one.ids.end(), all.ids.begin() + t * 4));
    EXPECT_TRUE(std::equal(one.weights.begin(), one.weights.end(),
                           all.weights.begin() + t * 4));
  }
}

TEST(Route, NaNLogitsGiveValidDistinctIdsAndNaNWeights) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  Routed routed = route(makeRouter(4, 3), {nan, nan, nan, nan});
  EXPECT_THAT(routed.ids, ElementsAre(0, 1, 2));
  for (float weight : routed.weights)
    EXPECT_TRUE(std::isnan(weight));
}

/// Exact scores still differ where f32 ones are all 0 or all 1.
TEST(Route, SaturatedScoresDoNotTie) {
  moelora_router router = makeRouter(4, 2);
  router.score = MOELORA_SCORE_SIGMOID;
  EXPECT_THAT(route(router, {20, 21, 22, 23}).ids, ElementsAre(3, 2));
  EXPECT_THAT(route(makeRouter(4, 3), {500, 100, 101, 102}).ids,
              ElementsAre(0, 3, 2));
}

TEST(Route, LargeLogitsStayFinite) {
  Routed routed = route(makeRouter(3, 3), {3e38f, -3e38f, 0});
  EXPECT_THAT(routed.ids, ElementsAre(0, 2, 1));
  EXPECT_THAT(routed.weights, ElementsAre(1, 0, 0));
}

/// The sum of infinity and -infinity is not a number, which would hide the
/// groups that follow.
TEST(Route, GroupsWhoseScoreIsNoNumberAreTheLast) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  moelora_router router = makeRouter(6, 2);
  router.score = MOELORA_SCORE_IDENTITY;
  router.groups = 3;
  router.top_groups = 1;
  router.group_score = MOELORA_GROUP_TOP2_SUM;
  EXPECT_THAT(route(router, {infinity, -infinity, 1, 2, 3, 4}).ids,
              ElementsAre(5, 4));
}

/// To 3 units in the last place, from where functions are nearly linear to
/// where they saturate.
TEST(Route, SoftCapsAndSoftplusAreExact) {
  auto expectNear = [](float found, double exact) {
    EXPECT_NEAR(found, exact, 3 * std::abs(exact) * 0x1p-24) << exact;
  };
  moelora_router capped = makeRouter(1, 1), softplus = capped;
  capped.score = MOELORA_SCORE_IDENTITY;
  capped.softcap = 1;
  softplus.score = MOELORA_SCORE_SQRTSOFTPLUS;
  for (double size = 0x1p-20; size < 80; size *= 1.03125)
    for (float x : {float(size), float(-size)}) {
      expectNear(route(capped, std::vector<float>{x}).weights[0],
                 std::tanh(double(x)));
      expectNear(route(softplus, std::vector<float>{x}).weights[0],
                 std::sqrt(std::log1p(std::exp(double(x)))));
    }
}

TEST(Route, WhatLoadingRefusesDropsEveryPair) {
  moelora_router router = makeRouter(MOELORA_MAX_ROUTED_EXPERTS + 1, 2);
  Routed routed = route(router, std::vector<float>(router.experts, 1));
  EXPECT_THAT(routed.ids, ElementsAre(-1, -1));
}

} // namespace
