// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values that a family's row cannot express, and values that contradict each
// other. The message names the key and the value.

#include "TestModels.h"

using namespace moelora::models;

namespace {

/// The refusal of a small config of that family.
std::string why(const std::string &modelType, const std::string &more) {
  return refusalOfSmall(modelType, R"("intermediate_size": 4,
      "moe_intermediate_size": 4, "n_routed_experts": 8,
      "num_experts_per_tok": 2, "first_k_dense_replace": 0,
      "vocab_size": 32, )" + more);
}

TEST(Refusal, scores_that_contradict_the_family) {
  EXPECT_EQ(why("glm4_moe", R"("scoring_func": "softmax")"),
            "expects scoring_func to be \"sigmoid\" or \"noaux_tc\", but it is "
            "\"softmax\"" +
                byHand);
  EXPECT_EQ(why("qwen3_moe", R"("scoring_func": "sigmoid")"),
            "expects scoring_func to be \"softmax\", but it is \"sigmoid\"" +
                byHand);
  EXPECT_EQ(why("afmoe", R"("score_func": "softmax")"),
            "expects score_func to be \"sigmoid\" or \"noaux_tc\", but it is "
            "\"softmax\"" +
                byHand);
  EXPECT_EQ(why("glm4_moe", R"("scoring_func": "sigmoid")"), "");
  EXPECT_EQ(why("dots1", R"("scoring_func": "noaux_tc")"), "");
}

TEST(Refusal, words_that_no_row_knows) {
  EXPECT_EQ(why("deepseek_v2", R"("topk_method": "noaux_tc")"),
            "expects topk_method to be greedy or group_limited_greedy, but it "
            "is \"noaux_tc\"" +
                byHand);
  EXPECT_EQ(why("glm4_moe", R"("topk_method": "greedy")"),
            "expects topk_method to be \"noaux_tc\", but it is \"greedy\"" +
                byHand);
  EXPECT_EQ(why("cohere2_moe", R"("num_shared_experts": 1,
                "shared_expert_combination_strategy": "product")"),
            "expects shared_expert_combination_strategy to be sum or average, "
            "but it is \"product\"" +
                byHand);
  EXPECT_EQ(why("gpt_oss", R"("hidden_act": "gelu")"),
            "expects hidden_act to be \"silu\" or \"swigluoai\", but it is "
            "\"gelu\"" +
                byHand);
}

TEST(Refusal, flags_that_change_the_layer) {
  EXPECT_EQ(why("laguna", R"("moe_apply_router_weight_on_input": true)"),
            "expects moe_apply_router_weight_on_input to be false, but it is "
            "true" +
                byHand);
  EXPECT_EQ(why("minimax_m2", R"("shared_intermediate_size": 8)"),
            "expects shared_intermediate_size to be 0, but it is 8" + byHand);
  EXPECT_EQ(why("bailing_moe_v2", R"("n_group": 1, "topk_group": 1,
                "router_type": "MultiRouter")"),
            "expects router_type to be \"topN\", but it is \"MultiRouter\"" +
                byHand);
  EXPECT_EQ(why("longcat_flash", R"("zero_expert_type": "copy")"),
            "expects zero_expert_type to be \"identity\", but it is \"copy\"" +
                byHand);
}

TEST(Refusal, numbers_of_layers_that_disagree) {
  EXPECT_EQ(refusal(R"({"model_type": "longcat_flash", "num_layers": 2,
                        "num_hidden_layers": 5})"),
            "expects num_hidden_layers to be twice num_layers, but they are 5 "
            "and 2");
}

TEST(Refusal, groups) {
  EXPECT_EQ(why("deepseek_v3", R"("n_group": 3)"),
            "expects n_group to divide n_routed_experts, but it is 3 of 8");
  EXPECT_EQ(why("deepseek_v3", R"("n_group": 4, "topk_group": 5)"),
            "expects topk_group to keep enough of 4 groups for 2 experts, but "
            "it is 5");
  EXPECT_EQ(why("deepseek_v3", R"("n_group": 0)"),
            "expects n_group to divide n_routed_experts, but it is 0 of 8");
  EXPECT_EQ(
      why("deepseek_v3", R"("n_group": 8, "topk_group": 4)"),
      "expects n_group to leave two experts in a group, but it is 8 of 8");
}

TEST(Refusal, no_experts_at_all) {
  EXPECT_EQ(why("gemma4", R"("top_k_experts": 2)"),
            "expects at least one layer with experts, but enable_moe_block is "
            "not true");
  EXPECT_EQ(refusal(R"({"model_type": "granitemoehybrid",
                "num_hidden_layers": 4, "hidden_size": 16,
                "intermediate_size": 4, "num_local_experts": 0,
                "num_experts_per_tok": 2})"),
            "expects at least one layer with experts, but num_local_experts "
            "is 0");
  EXPECT_EQ(why("nemotron_h", R"("hybrid_override_pattern": "M*-M")"),
            "expects at least one layer with experts, but all 4 are dense");
}

TEST(Refusal, kinds_of_layers) {
  EXPECT_EQ(why("glm4_moe", R"("mlp_layer_types": ["dense", "sparse"])"),
            "expects mlp_layer_types to have an entry for each layer, but it "
            "has 2 for 4");
  EXPECT_EQ(why("glm4_moe", R"("mlp_layer_types":
                               ["dense", "sparse", "hash_moe", "dense"])"),
            "expects entries of mlp_layer_types to name a kind of layer that "
            "the family has, but one is \"hash_moe\"");
  EXPECT_EQ(why("glm4_moe", R"("mlp_layer_types": "sparse")"),
            "expects mlp_layer_types to be a list of strings, but it is "
            "\"sparse\"");
  EXPECT_EQ(why("nemotron_h", R"("hybrid_override_pattern": "ME?")"),
            "expects layers_block_type, or hybrid_override_pattern of letters "
            "M, *, - and E, but it is \"ME?\"");
  EXPECT_EQ(why("step3p7", R"("moe_layers_enum": "1;2")"),
            "expects moe_layers_enum to be layer numbers with commas in "
            "between, but it is \"1;2\"");
  EXPECT_EQ(why("dots1", R"("moe_layer_freq": [1, 0])"),
            "expects moe_layer_freq to have an entry for each layer, but it "
            "has 2 for 4");
  EXPECT_EQ(why("dots1", R"("moe_layer_freq": 0)"),
            "expects moe_layer_freq to be an integer between 1 and 4096, but "
            "it is 0");
}

TEST(Refusal, numbers_out_of_range) {
  EXPECT_EQ(why("deepseek_v4", R"("swiglu_limit": -1)"),
            "expects swiglu_limit to be a number between 0.0 and 1000000.0, "
            "but it is -1");
  EXPECT_EQ(why("glm4_moe", R"("routed_scaling_factor": "2.5")"),
            "expects routed_scaling_factor to be a number between -1000000.0 "
            "and 1000000.0, but it is \"2.5\"");
  EXPECT_EQ(why("glm4_moe", R"("n_shared_experts": 1025)"),
            "expects n_shared_experts to be an integer between 0 and 1024, but "
            "it is 1025");
  EXPECT_EQ(why("longcat_flash", R"("zero_expert_num": -1)"),
            "expects zero_expert_num to be an integer between 0 and 65536, but "
            "it is -1");
}

TEST(Refusal, spellings_that_disagree) {
  EXPECT_EQ(why("bailing_hybrid", R"("num_experts": 16)"),
            "expects num_experts and n_routed_experts to agree, but they are "
            "16 and 8");
  EXPECT_EQ(why("kimi_linear", R"("num_experts_per_token": 4)"),
            "expects num_experts_per_tok and num_experts_per_token to agree, "
            "but they are 2 and 4");
}

} // namespace
