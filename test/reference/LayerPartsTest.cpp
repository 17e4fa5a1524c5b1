// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts that only some layers have, each against a layer without it.

#include "RandomLayer.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace moelora::reference;

namespace {

constexpr int64_t hidden = RandomLayer::hidden, tokens = RandomLayer::tokens;

void expectNear(const Vector &a, const Vector &b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], 1e-12 * (1 + std::abs(b[i]))) << i;
}

Vector evaluated(const RandomLayer &random) {
  EXPECT_EQ(problemError(random.problem), "");
  return evaluate(random.problem).rows;
}

/// The identity as a matrix [rows, columns].
void setIdentity(RandomLayer &random, moelora_role role, int64_t rows,
                 int64_t columns) {
  Vector &values = random.set(role, rows * columns);
  for (int64_t i = 0; i < rows * columns; ++i)
    values[i] = i / columns == i % columns ? 1 : 0;
}

TEST(LayerParts, a_latent_that_changes_nothing) {
  RandomLayer random(1);
  Vector plain = evaluated(random);
  random.problem.layer.latent = hidden;
  setIdentity(random, MOELORA_LATENT_IN_WEIGHT, hidden, hidden);
  setIdentity(random, MOELORA_LATENT_OUT_WEIGHT, hidden, hidden);
  expectNear(evaluated(random), plain);
}

TEST(LayerParts, router_and_shared_expert_read_around_the_latent) {
  RandomLayer random(1);
  Output plain = evaluate(random.problem);
  random.problem.layer.latent = 3;
  random.set(MOELORA_LATENT_IN_WEIGHT, 3 * hidden);
  random.set(MOELORA_LATENT_OUT_WEIGHT, 3 * hidden);
  Vector &bias = random.set(MOELORA_LATENT_OUT_BIAS, hidden);
  random.problem.layer.biases = MOELORA_HAS_LATENT_OUT_BIAS;
  ASSERT_EQ(problemError(random.problem), "");
  Output latent = evaluate(random.problem);
  EXPECT_EQ(latent.routed[0].weights, plain.routed[0].weights);
  random.problem.layer.routed_scale = 0; // what is left: bias and shared
  Vector rest = evaluated(random);
  random.problem.layer.latent = 0;
  Vector shared = evaluated(random);
  for (size_t i = 0; i < rest.size(); ++i)
    EXPECT_NEAR(rest[i], shared[i] + bias[i % hidden], 1e-12);
}

TEST(LayerParts, weights_on_the_input_are_rows_scaled_and_not_weighted_again) {
  RandomLayer random(2);
  random.problem.layer.shared_scale = 0;
  random.problem.layer.router.top_k = 1;
  random.addAdapter(3);
  random.slots = {-1, 0, 0, -1, 0, -1};
  Output plain = evaluate(random.problem);
  std::vector<int32_t> ids;
  for (const Routed &routed : plain.routed)
    ids.push_back(routed.ids[0]);
  random.problem.layer.weight_on_input = 1;
  Vector onInput = evaluated(random);
  // By hand: scale the hidden rows, with weights of one.
  random.problem.layer.weight_on_input = 0;
  random.problem.entry = Entry::FromIds;
  random.problem.expertIds = ids.data();
  random.set(MOELORA_EXPERT_WEIGHTS, tokens).assign(tokens, 1);
  for (int64_t i = 0; i < tokens * hidden; ++i)
    random.storage.front()[i] *= plain.routed[i / hidden].weights[0];
  expectNear(evaluated(random), onInput);
}

TEST(LayerParts, the_shared_expert_sees_unweighted_rows) {
  RandomLayer random(3);
  random.problem.layer.routed_scale = 0;
  Vector shared = evaluated(random);
  random.problem.layer.weight_on_input = 1;
  expectNear(evaluated(random), shared);
}

TEST(LayerParts, ids_of_zero_experts_index_no_weights) {
  // Five logits, three experts with weights: ids 3 and 4 have none.
  for (int kind : {MOELORA_ZERO_IDENTITY, MOELORA_ZERO_DROP}) {
    RandomLayer random(4);
    moelora_layer &layer = random.problem.layer;
    layer.shared = 0;
    layer.zero_experts = 2;
    layer.zero_kind = kind;
    std::vector<int32_t> ids = {0, 3, 1, 2, 4, 3, 4, 0, -1, 4, 5, 1};
    random.problem.entry = Entry::FromIds;
    random.problem.expertIds = ids.data();
    Vector &weights = random.set(MOELORA_EXPERT_WEIGHTS, tokens * 2);
    Vector all = evaluated(random);
    for (size_t p = 0; p < ids.size(); ++p)
      if (ids[p] >= 3)
        ids[p] = -1;
    Vector expected = evaluated(random);
    const int32_t original[] = {0, 3, 1, 2, 4, 3, 4, 0, -1, 4, 5, 1};
    for (int64_t p = 0; p < tokens * 2; ++p)
      if (kind == MOELORA_ZERO_IDENTITY &&
          (original[p] == 3 || original[p] == 4))
        for (int64_t h = 0; h < hidden; ++h)
          expected[p / 2 * hidden + h] +=
              1.5 * weights[p] * random.storage.front()[p / 2 * hidden + h];
    expectNear(all, expected);
  }
}

TEST(LayerParts, identity_experts_return_the_latent_row) {
  RandomLayer random(5);
  moelora_layer &layer = random.problem.layer;
  layer.latent = 3;
  layer.shared = 0;
  layer.zero_experts = 2;
  layer.zero_kind = MOELORA_ZERO_IDENTITY;
  std::vector<int32_t> ids(tokens * 2, 4);
  random.problem.entry = Entry::FromIds;
  random.problem.expertIds = ids.data();
  random.set(MOELORA_EXPERT_WEIGHTS, tokens * 2).assign(tokens * 2, 0.25);
  Vector &in = random.set(MOELORA_LATENT_IN_WEIGHT, 3 * hidden);
  Vector &out = random.set(MOELORA_LATENT_OUT_WEIGHT, 3 * hidden);
  Vector rows = evaluated(random);
  for (int64_t t = 0; t < tokens; ++t) {
    auto x = random.storage.front().begin() + t * hidden;
    Vector z = multiply({MOELORA_F64, in.data(), 3, hidden, hidden},
                        Vector(x, x + hidden));
    Vector y = multiply({MOELORA_F64, out.data(), hidden, 3, 3}, z);
    for (int64_t h = 0; h < hidden; ++h)
      EXPECT_NEAR(rows[t * hidden + h], 1.5 * 0.5 * y[h], 1e-12);
  }
}

TEST(LayerParts, biases_count_where_the_layer_says_so) {
  struct Bias {
    moelora_role role;
    moelora_bias bit;
    int64_t count;
  };
  constexpr int64_t experts = RandomLayer::experts;
  for (auto [role, bit, count] :
       {Bias{MOELORA_ROUTER_BIAS, MOELORA_HAS_ROUTER_BIAS, experts},
        Bias{MOELORA_GATE_UP_BIAS, MOELORA_HAS_GATE_UP_BIAS,
             experts * 2 * RandomLayer::width},
        Bias{MOELORA_DOWN_BIAS, MOELORA_HAS_DOWN_BIAS, experts * hidden},
        Bias{MOELORA_SHARED_GATE_UP_BIAS, MOELORA_HAS_SHARED_GATE_UP_BIAS,
             2 * RandomLayer::shared},
        Bias{MOELORA_SHARED_DOWN_BIAS, MOELORA_HAS_SHARED_DOWN_BIAS, hidden}}) {
    RandomLayer random(6);
    Vector plain = evaluated(random);
    Vector &values = random.set(role, count);
    EXPECT_EQ(evaluated(random), plain) << role; // it was not requested
    random.problem.layer.biases = bit;
    EXPECT_NE(evaluated(random), plain) << role;
    values.assign(count, 0);
    expectNear(evaluated(random), plain);
  }
}

TEST(LayerParts, shared_scale_is_on_the_shared_expert_alone) {
  RandomLayer random(7);
  Vector both = evaluated(random);
  random.problem.layer.shared_scale = 0.5f;
  Vector half = evaluated(random);
  random.problem.layer.shared_scale = 0;
  Vector routed = evaluated(random);
  for (size_t i = 0; i < both.size(); ++i)
    EXPECT_NEAR(half[i], (both[i] + routed[i]) / 2, 1e-12);
}

TEST(LayerParts, the_output_norm_is_of_routed_and_shared) {
  RandomLayer random(8);
  Output plain = evaluate(random.problem);
  moelora_norm norm = {1, 1e-3f, 2};
  random.problem.layer.output_norm = norm;
  Vector &weight = random.set(MOELORA_OUTPUT_NORM_WEIGHT, hidden);
  ASSERT_EQ(problemError(random.problem), "");
  Output normed = evaluate(random.problem);
  for (int64_t t = 0; t < tokens; ++t)
    expectNear(rowOf(normed, t), rmsNorm(norm, rowOf(plain, t), weight));
}

} // namespace
