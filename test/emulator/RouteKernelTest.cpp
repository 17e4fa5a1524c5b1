// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The router of GPUs against that of CPUs: the same ids, and weights that are
// the same or differ by rounding.

#include "../differential/Case.h"
#include "RoutedKernel.h"

#include <gmock/gmock.h>

#include <cmath>

using namespace moelora::test;

namespace {

constexpr int32_t Lanes = 32;

/// In units of the last place of the weights' type.
double distance(const moelora_router &router, float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b) ? 0 : 1e9;
  if (a == b)
    return 0;
  int bits = router.weight_type == MOELORA_BF16  ? 8
             : router.weight_type == MOELORA_F16 ? 11
                                                 : 24;
  double unit = std::ldexp(1.0, std::max(std::ilogb(a), -126) - bits + 1);
  return std::abs(double(a) - double(b)) / unit;
}

/// Sums with dropped choices are in another order, and powers are computed in
/// another way. Everything else has the same bits.
double mostDistance(const moelora_router &router) {
  if (router.renormalize == MOELORA_RENORMALIZE_PNORM)
    return 4;
  return router.table_rows ? 2 : 0;
}

void expectTheSame(const moelora_router &router, uint32_t seed,
                   const std::string &options = "") {
  RouteData data = makeHardData(router, seed);
  Routed exact = route(router, data);
  Routed found = routeOnEmulator(router, data, options);
  ASSERT_EQ(found.ids, exact.ids);
  EXPECT_EQ(found.stats.dropped_pairs, exact.stats.dropped_pairs);
  for (size_t i = 0; i < exact.ids.size(); ++i)
    ASSERT_LE(distance(router, exact.weights[i], found.weights[i]),
              mostDistance(router))
        << "choice " << i << ": " << exact.weights[i] << " and "
        << found.weights[i];
}

/// Random routers, in parts that run at the same time.
class RouteKernelPart : public testing::TestWithParam<uint32_t> {};

TEST_P(RouteKernelPart, AgreesWithTheCpuOnEveryStage) {
  for (uint32_t seed = GetParam(); seed < GetParam() + 12; ++seed) {
    moelora::differential::Random random(seed);
    int32_t experts = random.pick({1, 3, 8, 33, 40, 72, 128, 200});
    moelora_router router =
        moelora::differential::makeRouter(random, experts, true);
    int32_t most = std::min<int32_t>(experts, Lanes);
    if (random.oneIn(3))
      router.top_k = int32_t(random.between(router.top_k, most));
    if (random.oneIn(4))
      router.score_type = random.pick({MOELORA_BF16, MOELORA_F16, MOELORA_F32});
    SCOPED_TRACE("seed " + std::to_string(seed) + ", experts " +
                 std::to_string(experts) + ", top_k " +
                 std::to_string(router.top_k));
    expectTheSame(router, seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RouteKernelPart,
                         testing::Values(100, 200, 300, 400));

moelora_router largeRouter() {
  moelora_router router = makeRouter(512, 22);
  router.score = MOELORA_SCORE_SIGMOID;
  router.bias_on = MOELORA_BIAS_ON_SCORE;
  router.groups = 8;
  router.top_groups = 4;
  router.group_score = MOELORA_GROUP_TOP2_SUM;
  router.renormalize = MOELORA_RENORMALIZE_SUM;
  return router;
}

TEST(RouteKernel, ManyExpertsAndChoices) {
  expectTheSame(largeRouter(), 1);
  moelora_router router = largeRouter();
  router.score = MOELORA_SCORE_SOFTMAX;
  router.groups = 4; // the two best of a group are often in one lane
  router.top_k = 32;
  expectTheSame(router, 2);
  router = largeRouter();
  router.experts = MOELORA_MAX_ROUTED_EXPERTS;
  router.top_k = 3;
  expectTheSame(router, 3);
}

/// More groups than lanes, whose scores are in several registers.
TEST(RouteKernel, ManyGroups) {
  moelora_router router = largeRouter();
  router.experts = 210;
  router.top_k = 9;
  for (int32_t groups : {35, 70, 105, 210})
    for (int32_t fill : {0, 1}) {
      SCOPED_TRACE(groups);
      router.groups = groups;
      router.top_groups = groups / 5;
      router.group_fill_zero = fill;
      expectTheSame(router, uint32_t(groups));
    }
}

/// Lanes exchange numbers whichever of them comes first.
TEST(RouteKernel, AnyOrderOfThreads) {
  moelora_router router = largeRouter();
  router.experts = 48;
  router.top_k = 5;
  for (const char *options : {"schedule=random,seed=3", "schedule=adversarial"})
    expectTheSame(router, 3, options);
}

TEST(RouteKernel, EveryExpert) {
  for (int32_t experts : {1, 2, 31, 32}) {
    moelora_router router = makeRouter(experts, experts);
    router.post = MOELORA_POST_SOFTMAX;
    expectTheSame(router, uint32_t(experts));
  }
}

} // namespace
