// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bound on layers with every part of the description: it holds for what
// rounds where it may, is not much larger than needed, and no part of a layer
// can be left out below it.

#include "RandomLayer.h"

#include "moelora/reference/Compare.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

using namespace moelora::reference;

namespace {

constexpr int64_t hidden = RandomLayer::hidden, tokens = RandomLayer::tokens;

using Change = std::function<void(RandomLayer &)>;

struct Part {
  const char *name;
  Change add;
  double least; // ratio that some layer reaches: the bound is of this size
};

void addLatent(RandomLayer &random) {
  random.problem.layer.latent = 7;
  random.problem.layer.biases =
      MOELORA_HAS_LATENT_IN_BIAS | MOELORA_HAS_LATENT_OUT_BIAS;
  random.set(MOELORA_LATENT_IN_WEIGHT, 7 * hidden);
  random.set(MOELORA_LATENT_OUT_WEIGHT, 7 * hidden);
  random.set(MOELORA_LATENT_IN_BIAS, 7);
  random.set(MOELORA_LATENT_OUT_BIAS, hidden);
}

void addZeroExperts(RandomLayer &random) {
  random.problem.layer.zero_experts = 2;
  random.problem.layer.zero_kind = MOELORA_ZERO_IDENTITY;
}

void addRouterNorm(RandomLayer &random) {
  random.problem.layer.router_norm = {1, 1e-5f, 0.5f};
  random.set(MOELORA_ROUTER_NORM_WEIGHT, hidden);
}

void addOutputNorm(RandomLayer &random) {
  random.problem.layer.output_norm = {1, 1e-5f, 1};
  random.set(MOELORA_OUTPUT_NORM_WEIGHT, hidden);
}

moelora_router &routerOf(RandomLayer &random) {
  return random.problem.layer.router;
}

const Part parts[] = {
    {"latent", addLatent, 0.15},
    {"zero experts", addZeroExperts, 0.15},
    {"zero experts on a latent",
     [](RandomLayer &random) {
       addZeroExperts(random);
       addLatent(random);
     },
     0.15},
    {"weights on the input",
     [](RandomLayer &random) { random.problem.layer.weight_on_input = 1; },
     0.15},
    {"router norm", addRouterNorm, 0.15},
    {"router norm in f32",
     [](RandomLayer &random) {
       addRouterNorm(random);
       random.problem.layer.router_dtype = MOELORA_F32;
     },
     0.15},
    {"output norm", addOutputNorm, 0.15},
    {"always",
     [](RandomLayer &random) {
       routerOf(random).always = 1;
       routerOf(random).score = MOELORA_SCORE_SIGMOID;
       routerOf(random).renormalize = MOELORA_RENORMALIZE_SUM;
     },
     0.15},
    {"raw logits as weights",
     [](RandomLayer &random) {
       routerOf(random).score = MOELORA_SCORE_IDENTITY;
     },
     0.15},
    {"expert scale",
     [](RandomLayer &random) {
       routerOf(random).expert_scale = 1;
       random.set(MOELORA_EXPERT_SCALE, RandomLayer::experts);
     },
     0.15},
    {"a model's own rounding",
     [](RandomLayer &random) {
       routerOf(random).logit_type = MOELORA_BF16;
       routerOf(random).score_type = MOELORA_BF16;
       routerOf(random).weight_type = MOELORA_BF16;
     },
     0.15},
    {"soft caps",
     [](RandomLayer &random) {
       random.problem.layer.activation.gate_cap = 0.5f;
       random.problem.layer.activation.up_cap = 0.75f;
     },
     0.15},
};

void useAdapters(RandomLayer &random) {
  random.addAdapter(4);
  random.addAdapter(1);
  random.slots = {-1, 0, 1, 0, 1, -1};
}

double worstRatio(const Output &exact, const Output &other) {
  return compareRows(viewOf(other), exact).worst;
}

TEST(BoundParts, hold_for_the_rounded_mode_and_are_of_its_size) {
  for (const Part &part : parts)
    for (moelora_dtype type : {MOELORA_BF16, MOELORA_F16}) {
      Verdict all;
      for (unsigned seed = 0; seed < 60; ++seed) {
        RandomLayer random(seed);
        random.problem.layer.dtype = random.problem.layer.router_dtype = type;
        part.add(random);
        useAdapters(random);
        ASSERT_EQ(problemError(random.problem), "") << part.name;
        Output exact = evaluate(random.problem, true);
        Problem rounded = random.problem;
        rounded.rounding = Rounding::rounded(type, type);
        all.add(compareRows(viewOf(evaluate(rounded)), exact));
      }
      EXPECT_EQ(all.failure(), "") << part.name;
      EXPECT_EQ(all.rows, 60 * tokens) << part.name;
      EXPECT_GE(all.worst, part.least) << part.name;
    }
}

TEST(BoundParts, catch_a_missing_delta_on_a_latent) {
  RandomLayer random(3);
  addLatent(random);
  useAdapters(random);
  Output exact = evaluate(random.problem, true);
  for (int p : {MOELORA_LATENT_IN, MOELORA_LATENT_OUT}) {
    Adapter partial = *random.problem.adapters[0];
    partial.pairs[p].clear();
    Problem wrong = random.problem;
    wrong.adapters[0] = &partial;
    EXPECT_GT(worstRatio(exact, evaluate(wrong)), 1) << p;
  }
}

TEST(BoundParts, catch_weights_on_the_wrong_side) {
  RandomLayer random(4);
  random.problem.layer.weight_on_input = 1;
  useAdapters(random);
  Output exact = evaluate(random.problem, true);
  random.problem.layer.weight_on_input = 0;
  EXPECT_GT(worstRatio(exact, evaluate(random.problem)), 1);
}

TEST(BoundParts, catch_identity_experts_that_answer_nothing) {
  RandomLayer random(5);
  addZeroExperts(random);
  Output exact = evaluate(random.problem, true);
  random.problem.layer.zero_kind = MOELORA_ZERO_DROP;
  EXPECT_GT(worstRatio(exact, evaluate(random.problem)), 1);
}

} // namespace
