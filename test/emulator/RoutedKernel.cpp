// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RoutedKernel.h"
#include "LayerKernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace moelora::test {
namespace {

constexpr int64_t Tokens = 21;

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

} // namespace

RouteData makeHardData(const moelora_router &router, uint32_t seed) {
  std::mt19937 random(seed);
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
  auto kernels = compileKernel(smallLayer(router), "route", options);
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
  // Two blocks have fewer warps than there are tokens.
  EXPECT_EQ(kernels->launch("route", {2, 128, 0}, parameters.data(),
                            8 * parameters.size()),
            "");
  routed.ids = kernels->download<int32_t>(ids, routed.ids.size());
  routed.weights = kernels->download<float>(weights, routed.ids.size());
  routed.stats = kernels->download<moelora_run_stats>(stats, 1)[0];
  return routed;
}

} // namespace moelora::test
