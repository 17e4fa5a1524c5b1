// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The router of GPUs against that of CPUs: the same ids, and weights that are
// the same or differ by rounding.

#include "../differential/Case.h"
#include "../execute/Routing.h"
#include "LayerKernels.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

using namespace moelora::test;

namespace {

constexpr int64_t Tokens = 21;
constexpr uint32_t Warps = 4, Lanes = 32;

moelora_layer layerWith(const moelora_router &router) {
  moelora_layer layer = {};
  layer.dtype = layer.router_dtype = MOELORA_BF16;
  layer.hidden = layer.intermediate = 8;
  layer.routed_scale = layer.shared_scale = 1;
  layer.router = router;
  layer.activation.function = MOELORA_RELU2;
  layer.activation.alpha = 1;
  layer.shared_activation = layer.activation;
  return layer;
}

/// Any numbers in every other token, and small multiples of 1/4, which have
/// ties, in the others; sometimes what is no finite number.
float makeLogit(std::mt19937 &random, int64_t token) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float odd[] = {NAN, infinity, -infinity, -0.0f, 3e38f, -1e-40f};
  if (token % 3 == 2 && random() % 4 == 0)
    return odd[random() % std::size(odd)];
  float value = std::uniform_real_distribution<float>(-9, 9)(random);
  return token % 2 ? value : std::round(value) / 4;
}

RouteData makeData(std::mt19937 &random, const moelora_router &router) {
  RouteData data;
  for (int64_t t = 0; t < Tokens; ++t)
    for (int32_t e = 0; e < router.experts; ++e)
      data.logits.push_back(makeLogit(random, t));
  if (router.bias_on && !router.table_rows)
    for (int32_t e = 0; e < router.experts - router.always; ++e)
      data.bias.push_back(makeLogit(random, 0) / 8);
  if (router.expert_scale)
    for (int32_t e = 0; e < router.experts; ++e)
      data.expertScale.push_back(makeLogit(random, 1));
  auto nearly = [&](int32_t count) { // sometimes out of range
    return int32_t(random() % uint32_t(count + 2)) - 1;
  };
  for (int32_t i = 0; i < router.table_rows * router.top_k; ++i)
    data.table.push_back(nearly(router.experts));
  for (int64_t t = 0; router.table_rows && t < Tokens; ++t)
    data.tokenIds.push_back(nearly(router.table_rows));
  return data;
}

Routed routeOnEmulator(const moelora_router &router, const RouteData &data,
                       const std::string &options) {
  auto kernels = compileKernel(layerWith(router), "route", options);
  if (!kernels)
    return {};
  Routed routed;
  routed.ids.resize(size_t(Tokens * router.top_k));
  routed.weights.resize(routed.ids.size());
  void *logits = kernels->upload(data.logits);
  void *ids = kernels->upload(routed.ids);
  void *weights = kernels->upload(routed.weights);
  void *stats = kernels->upload(std::vector<moelora_run_stats>(1));
  std::vector<uint64_t> parameters = {uint64_t(Tokens)};
  auto add = [&](void *address) {
    parameters.push_back(reinterpret_cast<uint64_t>(address));
  };
  for (void *address : {logits, ids, weights})
    add(address);
  if (!data.bias.empty())
    add(kernels->upload(data.bias));
  if (!data.expertScale.empty())
    add(kernels->upload(data.expertScale));
  if (!data.table.empty()) {
    add(kernels->upload(data.table));
    add(kernels->upload(data.tokenIds));
    add(stats);
  }
  // Two blocks have less warps than there are tokens.
  EXPECT_EQ(kernels->launch("route", {2, Warps * Lanes, 0}, parameters.data(),
                            8 * parameters.size()),
            "");
  routed.ids = kernels->download<int32_t>(ids, routed.ids.size());
  routed.weights = kernels->download<float>(weights, routed.ids.size());
  routed.stats = kernels->download<moelora_run_stats>(stats, 1)[0];
  return routed;
}

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
  std::mt19937 random(seed);
  RouteData data = makeData(random, router);
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
