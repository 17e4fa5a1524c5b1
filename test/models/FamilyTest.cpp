// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families: what the table adds to a config, and what it refuses.

#include "TestModels.h"

#include "moelora/models/AdapterTarget.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

Model load(const std::string &text) {
  Result<Model> model = parseModel(text, "config.json");
  EXPECT_TRUE(model) << model.message();
  return *model;
}

std::vector<std::string> words(const char *const *names) {
  std::vector<std::string> list;
  for (; names && *names; ++names)
    list.push_back(*names);
  return list;
}

TEST(Family, supported_ones_are_sorted) {
  EXPECT_THAT(supportedFamilies(),
              ElementsAre("mixtral", "olmoe", "qwen2_moe", "qwen3_moe"));
}

TEST(Family, mixtral_always_renormalizes) {
  Model model = load(withKeys(mixtralKeys, "\"norm_topk_prob\": false"));
  EXPECT_EQ(model.layer(0).router.renormalize, MOELORA_RENORMALIZE_SUM);
  EXPECT_EQ(model.layer(0).router.epsilon, 0);
}

TEST(Family, others_renormalize_when_told) {
  EXPECT_EQ(load(withKeys(qwen3Keys)).layer(0).router.renormalize,
            MOELORA_RENORMALIZE_NONE);
  EXPECT_EQ(load(withKeys(qwen3Keys, "\"norm_topk_prob\": true"))
                .layer(0)
                .router.renormalize,
            MOELORA_RENORMALIZE_SUM);
}

TEST(Family, olmoe_calls_the_expert_width_intermediate_size) {
  Model model = load(R"({"model_type": "olmoe", "num_hidden_layers": 1,
    "hidden_size": 64, "intermediate_size": 32, "num_experts": 8,
    "num_experts_per_tok": 3})");
  EXPECT_EQ(model.layer(0).intermediate, 32);
}

TEST(Family, qwen2_has_a_gated_shared_expert) {
  const moelora_layer layer = load(withKeys(qwen2Keys)).layer(0);
  EXPECT_EQ(layer.shared, 5);
  EXPECT_EQ(layer.shared_score, 1);
  EXPECT_EQ(load(withKeys(qwen3Keys)).layer(0).shared, 0);
}

TEST(Family, unknown_ones_say_what_is_known_and_what_to_do) {
  EXPECT_EQ(refusal(R"({"model_type": "deepseek_v3"})"),
            "expects model_type to be one of mixtral, olmoe, qwen2_moe, "
            "qwen3_moe, but it is \"deepseek_v3\"; such a layer can be stated "
            "by hand in MLIR and compiled from there");
  EXPECT_THAT(refusal("{}"), HasSubstr("but it is absent; such a layer"));
  EXPECT_THAT(refusal(R"({"model_type": 3})"), HasSubstr("but it is 3; "));
}

TEST(Family, known_ones_that_do_not_fit_say_why) {
  EXPECT_THAT(refusal(R"({"model_type": "phimoe"})"),
              HasSubstr("but it is \"phimoe\", which does not fit: its "
                        "sparsemixer takes a softmax for each choice; "));
  for (const char *type : {"doge", "ernie4_5_vl_moe", "jetmoe", "nllb_moe",
                           "switch_transformers", "zaya"})
    EXPECT_THAT(refusal("{\"model_type\": \"" + std::string(type) + "\"}"),
                HasSubstr("which does not fit: "));
}

TEST(Family, other_activations_are_refused) {
  EXPECT_EQ(refusalOf("hidden_act", "\"gelu\""),
            "expects hidden_act to be silu, but it is \"gelu\"; such a layer "
            "can be stated by hand in MLIR and compiled from there");
  EXPECT_EQ(refusalOf("hidden_act", "\"silu\""), "");
}

TEST(Family, quantized_weights_are_refused_by_name) {
  EXPECT_EQ(refusalOf("quantization_config", R"({"quant_method": "fp8"})"),
            "expects weights in bfloat16, float16 or float32, but "
            "quantization_config states quant_method \"fp8\"");
  EXPECT_THAT(refusalOf("quantization_config", "7"),
              HasSubstr("states quant_method unknown"));
  EXPECT_EQ(refusalOf("quantization_config", "null"), "");
}

TEST(Family, adapter_sites) {
  Model model = load(withKeys(qwen3Keys, "\"mlp_only_layers\": [0, 2]"));
  AdapterTarget target(model);
  moelora_adapter_target view = target.get();
  ASSERT_EQ(view.sites, 2);
  EXPECT_EQ(view.layers, 4);
  EXPECT_EQ(view.site[0].layer, 1);
  EXPECT_EQ(view.site[1].layer, 3);
  EXPECT_EQ(view.site[0].experts, 8);
  EXPECT_EQ(view.site[0].hidden, 64);
  EXPECT_EQ(view.site[0].intermediate, 24);
  EXPECT_EQ(view.site[0].shared, 0);
  EXPECT_EQ(view.site[0].gated, 1);
  EXPECT_EQ(view.site[0].interleaved, 0);
}

TEST(Family, adapter_names) {
  AdapterTarget mixtral(load(withKeys(mixtralKeys)));
  const moelora_adapter_names &names = *mixtral.get().site[0].names;
  EXPECT_THAT(words(names.block), ElementsAre("block_sparse_moe", "mlp"));
  EXPECT_THAT(words(names.gate), ElementsAre("w1", "gate_proj"));
  EXPECT_THAT(words(names.up), ElementsAre("w3", "up_proj"));
  EXPECT_THAT(words(names.down), ElementsAre("w2", "down_proj"));
  EXPECT_EQ(names.shared, nullptr);
  AdapterTarget qwen2(load(withKeys(qwen2Keys)));
  EXPECT_THAT(words(qwen2.get().site[0].names->shared_score),
              ElementsAre("shared_expert_gate"));
}

} // namespace
