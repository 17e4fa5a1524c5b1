// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is refused before anything is computed, in words.

#include "RandomLayer.h"

#include <gtest/gtest.h>

using namespace moelora::reference;

namespace {

TEST(Problem, a_complete_one_has_no_error) {
  RandomLayer random(1);
  random.addAdapter(2);
  random.problem.adapters.push_back(nullptr);
  EXPECT_EQ(problemError(random.problem), "");
}

TEST(Problem, missing_operand) {
  RandomLayer random(1);
  random.problem.operand[MOELORA_SHARED_DOWN_WEIGHT].data = nullptr;
  EXPECT_EQ(problemError(random.problem),
            "expects operand shared_down_weight, but there is none");
  random.problem.layer.shared = 0; // now it is not asked for
  EXPECT_EQ(problemError(random.problem), "");
}

TEST(Problem, each_entry_needs_its_own_operands) {
  RandomLayer random(1);
  random.problem.entry = Entry::FromLogits;
  EXPECT_EQ(problemError(random.problem),
            "expects operand router_logits, but there is none");
  random.problem.entry = Entry::FromIds;
  EXPECT_EQ(problemError(random.problem),
            "expects operand expert_weights, but there is none");
  random.set(MOELORA_EXPERT_WEIGHTS, 12);
  EXPECT_EQ(problemError(random.problem),
            "expects operand expert_ids, but there is none");
}

TEST(Problem, selection_bias_when_the_router_has_one) {
  RandomLayer random(1);
  random.problem.layer.router.bias_on = MOELORA_BIAS_ON_SCORE;
  EXPECT_EQ(problemError(random.problem),
            "expects operand selection_bias, but there is none");
}

TEST(Problem, operand_of_no_float_type) {
  RandomLayer random(1);
  random.problem.operand[MOELORA_HIDDEN].type = static_cast<moelora_dtype>(0);
  EXPECT_EQ(problemError(random.problem), "expects operand hidden to have a "
                                          "float type, but its type is 0");
}

TEST(Problem, layer_sizes_and_type) {
  RandomLayer random(1);
  moelora_layer &layer = random.problem.layer;
  layer.dtype = 12;
  EXPECT_EQ(problemError(random.problem),
            "expects the layer to have a float type, but its type is 12");
  layer.dtype = MOELORA_F16;
  layer.intermediate = 0;
  EXPECT_EQ(problemError(random.problem),
            "expects positive sizes, but hidden and intermediate are 12 and 0");
}

TEST(Problem, router_sizes) {
  RandomLayer random(1);
  moelora_router &router = random.problem.layer.router;
  router.top_k = 6;
  EXPECT_EQ(problemError(random.problem),
            "expects top_k to be between 1 and experts, but they are 6 and 5");
  router.top_k = 2;
  router.groups = 2;
  EXPECT_EQ(problemError(random.problem),
            "expects groups to divide experts, but they are 2 and 5");
  router.groups = 5;
  router.top_groups = 6;
  EXPECT_EQ(
      problemError(random.problem),
      "expects top_groups to be between 1 and groups, but they are 6 and 5");
}

TEST(Problem, rank_mismatch) {
  RandomLayer random(1);
  Adapter &adapter = random.addAdapter(4);
  adapter.pairs[MOELORA_UP][3].b.columns = 3;
  EXPECT_EQ(problemError(random.problem),
            "expects A and B of the up projection to agree on the rank, but A "
            "has 4 and B has 3");
}

TEST(Problem, pair_of_another_size) {
  RandomLayer random(1);
  Adapter &adapter = random.addAdapter(4);
  adapter.pairs[MOELORA_ROUTER][0].b.rows = 7;
  EXPECT_EQ(problemError(random.problem),
            "expects the pair of the router projection to have in and out "
            "sizes 12 and 5, but it has 12 and 7");
}

} // namespace
