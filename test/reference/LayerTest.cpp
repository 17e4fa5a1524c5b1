// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole layers: compared with results by hand, and changes that must or must
// not affect the rows.

#include "RandomLayer.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;
using testing::ElementsAre;

namespace {

/// H = 2, I = 1, two experts, max(g, 0)^2 * u, ids and weights given.
struct HandLayer {
  Vector hidden = {1, 2};
  Vector weights = {0.5, 2};
  //                expert 0: gate, up     expert 1: gate, up
  Vector gateUp = {2, 0, /**/ 1, 1, /**/ 0, 1, /**/ -1, 0};
  Vector down = {1, -1, /**/ 3, 0.5};
  std::vector<int32_t> ids = {0, 1};
  std::vector<int32_t> slots = {0};
  Problem problem;

  HandLayer() {
    moelora_layer &layer = problem.layer;
    layer.dtype = MOELORA_F32;
    layer.hidden = 2;
    layer.intermediate = 1;
    layer.routed_scale = 1;
    layer.router.experts = layer.router.top_k = 2;
    layer.router.groups = 1;
    layer.activation.function = MOELORA_RELU2;
    layer.activation.gated = 1;
    problem.tokens = 1;
    problem.entry = Entry::FromIds;
    problem.operand[MOELORA_HIDDEN] = {MOELORA_F64, hidden.data()};
    problem.operand[MOELORA_EXPERT_WEIGHTS] = {MOELORA_F64, weights.data()};
    problem.operand[MOELORA_GATE_UP_WEIGHT] = {MOELORA_F64, gateUp.data()};
    problem.operand[MOELORA_DOWN_WEIGHT] = {MOELORA_F64, down.data()};
    problem.expertIds = ids.data();
    problem.slots = slots.data();
  }
};

TEST(Layer, by_hand) {
  HandLayer hand;
  ASSERT_EQ(problemError(hand.problem), "");
  // expert 0: g = 2, u = 3, a = 12, y = 12, -12;  weight 0.5:  6, -6
  // expert 1: g = 2, u = -1, a = -4, y = -12, -2; weight 2:  -24, -4
  EXPECT_THAT(evaluate(hand.problem).rows, ElementsAre(-18, -10));
}

TEST(Layer, by_hand_with_an_adapter_of_one_expert) {
  HandLayer hand;
  Vector a = {1, 1}, bUp = {2}, aDown = {1}, bDown = {0, 1};
  Adapter adapter;
  adapter.pairs[MOELORA_UP] = {{},
                               {{MOELORA_F64, a.data(), 1, 2, 2},
                                {MOELORA_F64, bUp.data(), 1, 1, 1},
                                0.5}};
  adapter.pairs[MOELORA_DOWN] = {{},
                                 {{MOELORA_F64, aDown.data(), 1, 1, 1},
                                  {MOELORA_F64, bDown.data(), 2, 1, 1},
                                  10}};
  hand.problem.adapters = {&adapter};
  ASSERT_EQ(problemError(hand.problem), "");
  // expert 1: u = -1 + 0.5 * 2 * 3 = 2, a = 8, y = 24, 4 + 10 * 8 = 84;
  // weight 2: 48, 168; and expert 0 as before: 6, -6
  EXPECT_THAT(evaluate(hand.problem).rows, ElementsAre(54, 162));
}

TEST(Layer, dropped_experts_contribute_nothing) {
  for (int32_t bad : {-1, -2, 2, 3, std::numeric_limits<int32_t>::max(),
                      std::numeric_limits<int32_t>::min()}) {
    HandLayer hand;
    hand.ids = {bad, 1};
    EXPECT_THAT(evaluate(hand.problem).rows, ElementsAre(-24, -4)) << bad;
  }
}

TEST(Layer, every_token_has_its_own_adapter) {
  RandomLayer random(1);
  Vector base = evaluate(random.problem).rows;
  random.addAdapter(3);
  random.addAdapter(1);
  random.problem.adapters.push_back(nullptr); // disabled
  std::vector<Output> alone;
  for (int32_t slot : {0, 1}) {
    random.slots.assign(RandomLayer::tokens, slot);
    alone.push_back(evaluate(random.problem));
  }
  random.slots = {-1, 0, 1, 2, 3, -7}; // 2 is disabled, 3 does not exist
  Output mixed = evaluate(random.problem);
  EXPECT_EQ(rowOf(mixed, 1), rowOf(alone[0], 1));
  EXPECT_EQ(rowOf(mixed, 2), rowOf(alone[1], 2));
  Output plain;
  plain.width = RandomLayer::hidden;
  plain.rows = base;
  for (int64_t t : {0, 3, 4, 5})
    EXPECT_EQ(rowOf(mixed, t), rowOf(plain, t)) << t;
  for (int64_t t : {1, 2})
    EXPECT_NE(rowOf(mixed, t), rowOf(plain, t)) << t;
}

TEST(Layer, each_projection_of_an_adapter_counts) {
  RandomLayer random(2);
  Adapter full = random.addAdapter(2);
  random.slots.assign(RandomLayer::tokens, 0);
  Vector all = evaluate(random.problem).rows;
  for (int p = 0; p < MOELORA_LATENT_IN; ++p) {
    Adapter partial = full;
    partial.pairs[p].clear();
    random.problem.adapters = {&partial};
    EXPECT_NE(evaluate(random.problem).rows, all) << p;
  }
}

TEST(Layer, nan_stays_in_its_token) {
  RandomLayer random(3);
  Output clean = evaluate(random.problem);
  random.storage.front()[2 * RandomLayer::hidden] =
      std::numeric_limits<double>::quiet_NaN();
  Output dirty = evaluate(random.problem);
  for (int64_t t = 0; t < RandomLayer::tokens; ++t)
    if (t != 2)
      EXPECT_EQ(rowOf(dirty, t), rowOf(clean, t)) << t;
  EXPECT_TRUE(std::isnan(rowOf(dirty, 2)[0]));
}

TEST(Layer, sampled_rows_and_threads_give_the_same_bits) {
  RandomLayer random(4);
  Output whole = evaluate(random.problem, true, 1);
  Output parallel = evaluate(random.problem, true, 3);
  EXPECT_EQ(parallel.rows, whole.rows);
  EXPECT_EQ(parallel.bounds, whole.bounds);
  Output sampled = evaluate(random.problem, {4, 1});
  EXPECT_EQ(rowOf(sampled, 0), rowOf(whole, 4));
  EXPECT_EQ(rowOf(sampled, 1), rowOf(whole, 1));
}

TEST(Layer, entries_agree_when_given_what_the_router_said) {
  RandomLayer random(5);
  Output whole = evaluate(random.problem);
  Vector weights;
  std::vector<int32_t> ids;
  for (const Routed &routed : whole.routed) {
    ids.insert(ids.end(), routed.ids.begin(), routed.ids.end());
    weights.insert(weights.end(), routed.weights.begin(), routed.weights.end());
  }
  random.problem.entry = Entry::FromIds;
  random.problem.expertIds = ids.data();
  random.problem.operand[MOELORA_EXPERT_WEIGHTS] = {MOELORA_F64,
                                                    weights.data()};
  EXPECT_EQ(evaluate(random.problem).rows, whole.rows);
}

TEST(Layer, router_may_read_another_tensor) {
  RandomLayer random(6);
  Output whole = evaluate(random.problem);
  random.problem.layer.router_input = 1;
  Vector &other = random.set(MOELORA_ROUTER_HIDDEN,
                             RandomLayer::tokens * RandomLayer::hidden);
  EXPECT_NE(evaluate(random.problem).routed[0].weights,
            whole.routed[0].weights);
  other = random.storage.front();
  random.problem.operand[MOELORA_ROUTER_HIDDEN].data = other.data();
  EXPECT_EQ(evaluate(random.problem).rows, whole.rows);
}

TEST(Layer, experts_and_shared_expert_add_up) {
  RandomLayer random(7);
  Output whole = evaluate(random.problem);
  random.problem.layer.routed_scale = 0;
  Output shared = evaluate(random.problem);
  random.problem.layer.routed_scale = 1.5f;
  random.problem.layer.shared = 0;
  Output routed = evaluate(random.problem);
  for (size_t i = 0; i < whole.rows.size(); ++i)
    EXPECT_NEAR(whole.rows[i], routed.rows[i] + shared.rows[i], 1e-12);
}

} // namespace
