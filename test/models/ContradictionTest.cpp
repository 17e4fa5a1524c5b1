// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys that a family does not read, with values that describe another layer.

#include "TestModels.h"

using namespace moelora::models;

namespace {

/// The refusal of a small config of that family.
std::string why(const std::string &modelType, const std::string &more) {
  return refusalOfSmall(modelType, R"("intermediate_size": 4,
      "num_local_experts": 8, "num_experts_per_tok": 2, )" +
                                       more);
}

std::string text(const std::string &key, const std::string &computed,
                 const std::string &does, const std::string &value) {
  return "expects " + key + " to be " + computed + ", because " + does +
         ", but it is " + value + byHand;
}

struct Case {
  const char *modelType, *key, *value, *computed, *does;
};

/// More keys for families that have no `intermediate_size`.
const std::string moeWidth = R"("moe_intermediate_size": 4, "n_group": 1,
    "topk_group": 1, "first_k_dense_replace": 0, )";

TEST(Contradiction, renormalisation) {
  const char *does = "renormalises the weights of the chosen experts";
  for (const char *family : {"mixtral", "minimax", "minimax_m2"})
    for (const char *key : {"norm_topk_prob", "moe_renormalize", "route_norm"})
      EXPECT_EQ(why(family, "\"" + std::string(key) + "\": false"),
                text(key, "true", std::string(family) + " " + does, "false"));
  EXPECT_EQ(why("qwen3_vl_moe", moeWidth + R"("norm_topk_prob": false)"),
            text("norm_topk_prob", "true", std::string("qwen3_vl_moe ") + does,
                 "false"));
  EXPECT_EQ(why("bailing_moe_v2", moeWidth + R"("norm_topk_prob": false)"),
            text("norm_topk_prob", "true",
                 std::string("bailing_moe_v2 ") + does, "false"));
  for (const char *family : {"deepseek_v2", "unlimited_ocr"})
    EXPECT_EQ(why(family, moeWidth + R"("norm_topk_prob": true)"),
              text("norm_topk_prob", "false",
                   std::string(family) +
                       " does not renormalise the weights of the chosen "
                       "experts",
                   "true"));
  EXPECT_EQ(why("jamba", R"("norm_topk_prob": false)"), "");
  EXPECT_EQ(why("mixtral", R"("norm_topk_prob": true)"), "");
  EXPECT_EQ(why("mixtral", R"("norm_topk_prob": null)"), "");
  // A softmax over the chosen has the sum of one.
  EXPECT_EQ(why("granitemoe", R"("norm_topk_prob": true)"), "");
  EXPECT_NE(why("granitemoe", R"("norm_topk_prob": false)"), "");
  EXPECT_NE(why("llama4", R"("norm_topk_prob": true)"), "");
}

const Case cases[] = {
    {"mixtral", "scale_factor", "4.0", "1.0", "multiplies the weights by 1.0"},
    {"mixtral", "routed_scaling_factor", "2.5", "1.0",
     "multiplies the weights by 1.0"},
    {"mixtral", "intermediate_size_residual", "64", "0",
     "has no shared expert"},
    {"mixtral", "n_shared_experts", "1", "0", "has no shared expert"},
    {"mixtral", "num_moe_contract_layers", "2", "0",
     "finds its layers with experts otherwise"},
    {"mixtral", "first_k_dense_replace", "1", "0",
     "finds its layers with experts otherwise"},
    {"mixtral", "mlp_only_layers", "[0]", "[]",
     "finds its layers with experts otherwise"},
    {"mixtral", "moe_layer_freq", "[1,0,1,1]", "1",
     "finds its layers with experts otherwise"},
    {"mixtral", "use_attn_moe", "true", "false", "does nothing of the kind"},
    {"mixtral", "n_group", "8", "1", "does not group its experts"},
    {"mixtral", "topk_method", "\"noaux_tc\"", "\"greedy\"",
     "has no bias for the choice"},
    {"mixtral", "use_routing_bias", "true", "false",
     "has no bias for the choice"},
    {"mixtral", "moe_latent_size", "8", "0",
     "has experts that read the hidden state"},
    {"mixtral", "swiglu_limit", "7.0", "0", "has no limits there"},
    {"mixtral", "swiglu_alpha", "1.7", "1.0", "has the slope 1.0"},
    {"mixtral", "mlp_gate_softcap", "4", "0", "has no caps there"},
    {"mixtral", "zero_expert_num", "2", "0", "has no zero experts"},
    {"mixtral", "mlp_bias", "true", "false", "has no biases in its experts"},
    {"mixtral", "router_bias", "true", "false", "has none in its router"},
    {"mixtral", "moe_router_logit_softcapping", "30", "0",
     "has no cap of the logits"},
    {"minimax_m2", "use_expert_bias", "false", "true",
     "has a bias for the choice"},
    {"hunyuan_v1_moe", "moe_drop_tokens", "true", "false",
     "does nothing of the kind"},
    {"llama4", "num_shared_experts", "2", "1", "has one shared expert"},
    {"mixtral", "multi_gate", "true", "false", "does nothing of the kind"},
};

TEST(Contradiction, keys_of_other_families) {
  for (const Case &test : cases) {
    std::string key = test.key;
    EXPECT_EQ(why(test.modelType, "\"" + key + "\": " + test.value),
              text(key, test.computed,
                   std::string(test.modelType) + " " + test.does, test.value));
  }
}

TEST(Contradiction, other_spellings_of_what_is_read) {
  EXPECT_EQ(why("mistral4", moeWidth + R"("n_shared_experts": 2,
                "num_shared_experts": 3)"),
            text("num_shared_experts", "2",
                 "mistral4 has as many shared experts", "3"));
  EXPECT_EQ(why("mistral4", moeWidth + R"("n_shared_experts": 2,
                "num_shared_experts": 2)"),
            "");
}

TEST(Contradiction, methods_of_choice) {
  for (const char *method : {"greedy", "group_limited_greedy"})
    EXPECT_EQ(why("mistral4", moeWidth + "\"topk_method\": \"" + method + "\""),
              "");
  EXPECT_EQ(why("mistral4", moeWidth + R"("topk_method": "noaux_tc")"),
            text("topk_method", "\"greedy\"",
                 "mistral4 has no bias for the choice", "\"noaux_tc\""));
}

TEST(Contradiction, keys_of_code_that_comes_with_models) {
  EXPECT_EQ(why("kimi_linear", moeWidth + R"("latent_moe_use_norm": true)"),
            text("latent_moe_use_norm", "false",
                 "kimi_linear does nothing of the kind", "true"));
  EXPECT_EQ(why("kimi_linear", moeWidth + R"("routed_expert_hidden_size": 8)"),
            text("routed_expert_hidden_size", "0",
                 "kimi_linear has experts that read the hidden state", "8"));
}

TEST(Contradiction, functions) {
  std::string gemma = R"("enable_moe_block": true, "top_k_experts": 2,
                         "moe_intermediate_size": 4, )";
  EXPECT_EQ(why("gemma4", gemma + R"("hidden_act": "silu")"),
            text("hidden_act", "\"gelu_pytorch_tanh\"",
                 "gemma4 reads hidden_activation", "\"silu\""));
  EXPECT_EQ(why("gemma4", gemma + R"("hidden_act": "gelu_new")"), "");
}

TEST(Contradiction, values_that_change_nothing) {
  EXPECT_EQ(why("mixtral", R"("scale_factor": 1, "n_shared_experts": null,
                "intermediate_size_residual": null, "use_attn_moe": false,
                "mlp_only_layers": [], "moe_layer_freq": [1, 1, 1, 1],
                "decoder_sparse_step": 1, "n_group": 4, "topk_group": 4,
                "moe_intermediate_size": 8, "swiglu_limits": [0, null],
                "routed_scaling_factor": false, "moe_latent_size": 16)"),
            "");
  // What the family reads is read.
  EXPECT_EQ(why("glm4_moe", moeWidth + R"("norm_topk_prob": false,
                "routed_scaling_factor": 3, "n_shared_experts": 2)"),
            "");
}

} // namespace
