// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The input of a router: a separate tensor, its norm, its type, and the input
// of an adapter's delta.

#include "RandomLayer.h"

#include <gmock/gmock.h>

using namespace moelora::reference;

namespace {

constexpr int64_t hidden = RandomLayer::hidden, tokens = RandomLayer::tokens;

/// gemma's: a norm with a weight, in front of a router in f32.
struct NormedRouter : RandomLayer {
  explicit NormedRouter(unsigned seed) : RandomLayer(seed) {
    problem.layer.router_norm = {1, 1e-6f, 0.25f};
    problem.layer.router_dtype = MOELORA_F32;
    weight = &set(MOELORA_ROUTER_NORM_WEIGHT, hidden);
  }
  Routed routedOf(int64_t token, const Rounding &rounding) {
    problem.rounding = rounding;
    EXPECT_EQ(problemError(problem), "");
    return evaluate(problem, std::vector<int64_t>{token}).routed[0];
  }

  Vector *weight;
};

const Rounding rounded = Rounding::rounded(MOELORA_BF16, MOELORA_BF16);

TEST(RouterInput, the_norm_is_of_the_routers_tensor) {
  NormedRouter random(1);
  random.problem.layer.router_input = 1;
  Vector &other = random.set(MOELORA_ROUTER_HIDDEN, tokens * hidden);
  Routed found = random.routedOf(2, Rounding::exact());
  random.problem.layer.router_norm.present = 0;
  for (int64_t t = 0; t < tokens; ++t) {
    auto first = other.begin() + t * hidden;
    Vector n =
        rmsNorm({1, 1e-6f, 0.25f}, {first, first + hidden}, *random.weight);
    std::copy(n.begin(), n.end(), first);
  }
  EXPECT_EQ(random.routedOf(2, Rounding::exact()).weights, found.weights);
}

TEST(RouterInput, a_router_in_f32_reads_a_norm_that_is_not_rounded) {
  NormedRouter random(2);
  Routed exact = random.routedOf(0, Rounding::exact());
  Routed wide = random.routedOf(0, rounded);
  random.problem.layer.router_dtype = MOELORA_BF16;
  Routed narrow = random.routedOf(0, rounded);
  EXPECT_NEAR(wide.weights[0], exact.weights[0], 1e-6);
  EXPECT_GT(std::abs(narrow.weights[0] - exact.weights[0]), 1e-6);
}

TEST(RouterInput, a_delta_reads_the_norm_in_the_layers_type) {
  NormedRouter random(3);
  Adapter &adapter = random.addAdapter(1);
  random.slots.assign(tokens, 0);
  // B A picks out one column of the norm and gives it to expert 0's logit.
  Vector a(hidden), b(RandomLayer::experts);
  a[4] = 1;
  b[0] = 1;
  adapter.pairs[MOELORA_ROUTER] = {{{MOELORA_F64, a.data(), 1, hidden, hidden},
                                    {MOELORA_F64, b.data(), 5, 1, 1},
                                    1}};
  random.storage[1].assign(RandomLayer::experts * hidden, 0); // the router
  random.problem.layer.router.score = MOELORA_SCORE_IDENTITY;
  random.problem.layer.router.top_k = 5;
  random.problem.layer.router_norm.scale = 1.2345678f;
  Vector n = rmsNorm(
      random.problem.layer.router_norm,
      Vector(random.storage[0].begin(), random.storage[0].begin() + hidden),
      *random.weight);
  Routed found = random.routedOf(0, rounded);
  double logit = 0;
  for (size_t j = 0; j < 5; ++j)
    logit += found.weights[j]; // the others are 0
  EXPECT_EQ(logit, roundTo(MOELORA_BF16, n[4]));
  EXPECT_NE(logit, n[4]);
}

} // namespace
