// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Problems that are refused before anything is computed, and the messages.

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
  random.problem.layer.shared = 0; // now it is not required
  EXPECT_EQ(problemError(random.problem), "");
}

TEST(Problem, each_entry_needs_its_own_operands) {
  RandomLayer random(1);
  random.problem.entry = Entry::FromLogits;
  EXPECT_EQ(problemError(random.problem),
            "expects operand router_logits, but there is none");
  random.problem.entry = Entry::FromIds;
  EXPECT_EQ(problemError(random.problem),
            "expects operand expert_ids, but there is none");
  std::vector<int32_t> ids(12);
  random.problem.expertIds = ids.data();
  EXPECT_EQ(problemError(random.problem),
            "expects operand expert_weights, but there is none");
}

TEST(Problem, selection_bias_when_the_router_has_one) {
  RandomLayer random(1);
  random.problem.layer.router.bias_on = MOELORA_BIAS_ON_SCORE;
  EXPECT_EQ(problemError(random.problem),
            "expects operand selection_bias, but there is none");
  random.problem.layer.router.bias_on = MOELORA_BIAS_NONE;
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
            "expects groups to divide the experts that can be chosen, but "
            "they are 2 and 5");
  router.groups = 5;
  router.top_groups = 6;
  EXPECT_EQ(
      problemError(random.problem),
      "expects top_groups to be between 1 and groups, but they are 6 and 5");
}

TEST(Problem, always_chosen_experts) {
  RandomLayer random(1);
  moelora_router &router = random.problem.layer.router;
  router.always = 2;
  EXPECT_EQ(problemError(random.problem),
            "expects always to be in [0, top_k), but always and top_k are 2 "
            "and 2");
  router.always = 1;
  EXPECT_EQ(problemError(random.problem), "");
  router.table_rows = 3;
  EXPECT_EQ(problemError(random.problem),
            "expects no always chosen experts beside a table, but always is 1");
  router.table_rows = 0;
  random.problem.layer.zero_experts = 1;
  random.problem.layer.zero_kind = MOELORA_ZERO_DROP;
  EXPECT_EQ(problemError(random.problem),
            "expects no zero experts beside always chosen ones, but there are "
            "1 and 1");
}

TEST(Problem, a_table_needs_its_ids) {
  RandomLayer random(1);
  random.problem.layer.router.table_rows = 2;
  EXPECT_EQ(problemError(random.problem),
            "expects operand token_ids, but there is none");
  std::vector<int32_t> ids(RandomLayer::tokens), table(4);
  random.problem.tokenIds = ids.data();
  EXPECT_EQ(problemError(random.problem),
            "expects operand token_table, but there is none");
  random.problem.tokenTable = table.data();
  EXPECT_EQ(problemError(random.problem), "");
}

TEST(Problem, zero_experts) {
  RandomLayer random(1);
  random.problem.layer.zero_experts = 5;
  EXPECT_EQ(problemError(random.problem),
            "expects zero_experts to be in [0, experts), but they are 5 and 5");
  random.problem.layer.zero_experts = 2;
  EXPECT_EQ(problemError(random.problem),
            "expects zero_kind to be identity or drop, but it is 0");
}

TEST(Problem, weights_on_the_input_and_a_bias) {
  RandomLayer random(1);
  random.problem.layer.weight_on_input = 1;
  random.problem.layer.biases = MOELORA_HAS_GATE_UP_BIAS;
  EXPECT_EQ(problemError(random.problem),
            "expects no gate_up bias where weights are on the input, but there "
            "are both");
}

TEST(Problem, types_caps_and_norms) {
  RandomLayer random(1);
  moelora_layer &layer = random.problem.layer;
  layer.router_dtype = MOELORA_F16;
  EXPECT_EQ(problemError(random.problem),
            "expects router_dtype to be the layer's type or f32, but they are "
            "2 and 3");
  layer.router_dtype = MOELORA_F32;
  layer.router.logit_type = 9;
  EXPECT_EQ(problemError(random.problem),
            "expects logits, scores and weights to be rounded to a float type, "
            "but a type is 9");
  layer.router.logit_type = 0;
  layer.activation.gate_cap = 4;
  layer.activation.function = MOELORA_RELU2;
  EXPECT_EQ(problemError(random.problem),
            "expects soft caps to be on a gated silu, but function and gated "
            "are 4 and 1");
  layer.activation.gate_cap = 0;
  layer.output_norm = {1, -1, 1};
  EXPECT_EQ(problemError(random.problem),
            "expects the epsilon of a norm not to be negative, but it is "
            "-1.000000");
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
