// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mistakes that others have made, each as a layer that would show it.

#include "RandomLayer.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace moelora::reference;

namespace {

constexpr int64_t tokens = RandomLayer::tokens;

TEST(Traps, the_last_adapter_counts_beside_base_tokens) {
  RandomLayer random(1);
  Output base = evaluate(random.problem);
  for (int i = 0; i < 3; ++i)
    random.addAdapter(2);
  random.slots = {0, 1, 2, -1, 2, -1}; // all slots, and base
  Output mixed = evaluate(random.problem);
  for (int64_t t = 0; t < tokens; ++t)
    EXPECT_EQ(rowOf(mixed, t) == rowOf(base, t), random.slots[t] < 0) << t;
}

TEST(Traps, the_number_of_experts_is_no_expert) {
  RandomLayer random(2);
  random.problem.entry = Entry::FromIds;
  random.set(MOELORA_EXPERT_WEIGHTS, tokens * 2);
  std::vector<int32_t> ids(tokens * 2, RandomLayer::experts);
  random.problem.expertIds = ids.data();
  random.problem.layer.shared = 0;
  for (double value : evaluate(random.problem).rows)
    EXPECT_EQ(value, 0);
}

TEST(Traps, a_bad_slot_is_base_and_no_other_tenant) {
  RandomLayer random(3);
  Output base = evaluate(random.problem);
  random.addAdapter(2);
  for (int32_t bad : {1, 2, 1 << 16, INT32_MAX, INT32_MIN}) {
    random.slots.assign(tokens, bad);
    EXPECT_EQ(evaluate(random.problem).rows, base.rows) << bad;
  }
}

TEST(Traps, gate_and_up_have_adapters_of_their_own_magnitude) {
  RandomLayer random(4);
  Adapter &adapter = random.addAdapter(2);
  random.slots.assign(tokens, 0);
  for (LoraPair &pair : adapter.pairs[MOELORA_GATE])
    pair.scale = 8;
  Vector right = evaluate(random.problem).rows;
  std::swap(adapter.pairs[MOELORA_GATE], adapter.pairs[MOELORA_UP]);
  EXPECT_NE(evaluate(random.problem).rows, right);
}

TEST(Traps, an_adapter_of_the_router_chooses_other_experts) {
  RandomLayer random(5);
  Output base = evaluate(random.problem);
  Adapter &adapter = random.addAdapter(4);
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    if (p != MOELORA_ROUTER)
      adapter.pairs[p].clear();
  adapter.pairs[MOELORA_ROUTER][0].scale = 20;
  random.slots.assign(tokens, 0);
  Output adapted = evaluate(random.problem);
  int different = 0;
  for (int64_t t = 0; t < tokens; ++t)
    different += adapted.routed[t].ids != base.routed[t].ids;
  EXPECT_GT(different, tokens / 2);
}

TEST(Traps, weights_on_the_input_are_not_applied_twice) {
  // relu2 makes the square of a weight on the input; applied again on the
  // output, its cube.
  RandomLayer random(6);
  moelora_layer &layer = random.problem.layer;
  layer.activation.function = MOELORA_RELU2;
  layer.activation.gated = 0;
  layer.shared = 0;
  layer.weight_on_input = 1;
  random.problem.entry = Entry::FromIds;
  std::vector<int32_t> ids(tokens * 2, 1);
  random.problem.expertIds = ids.data();
  Vector &weights = random.set(MOELORA_EXPERT_WEIGHTS, tokens * 2);
  weights.assign(tokens * 2, 1);
  Vector one = evaluate(random.problem).rows;
  weights.assign(tokens * 2, 3);
  Vector three = evaluate(random.problem).rows;
  for (size_t i = 0; i < one.size(); ++i)
    EXPECT_NEAR(three[i], 9 * one[i], 1e-9 * std::abs(one[i]));
}

TEST(Traps, ties_at_the_boundary_go_to_the_lower_id_in_bf16_too) {
  // 1 and 1 + 2^-9 are one number in bf16.
  RandomLayer random(7);
  moelora_router &router = random.problem.layer.router;
  router.logit_type = MOELORA_BF16;
  random.problem.entry = Entry::FromLogits;
  random.set(MOELORA_ROUTER_LOGITS, tokens * RandomLayer::experts)
      .assign(tokens * RandomLayer::experts, 1);
  Vector &logits = random.storage.back();
  logits[4] += 0x1p-9;
  Output output = evaluate(random.problem);
  EXPECT_EQ(output.routed[0].ids, (std::vector<int32_t>{0, 1}));
}

} // namespace
