// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families: what the table adds to a config, and what it refuses.

#include "TestModels.h"

#include "moelora/models/AdapterTarget.h"

#include <algorithm>
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

TEST(Family, supported_ones_are_sorted_and_different) {
  std::vector<std::string> names = supportedFamilies();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_THAT(names, testing::IsSupersetOf({"kimi_k2", "mixtral", "gpt_oss"}));
}

TEST(Family, known_ones_that_do_not_fit_say_why) {
  EXPECT_THAT(refusal(R"({"model_type": "phimoe"})"),
              HasSubstr("model_type is \"phimoe\", which does not fit: its "
                        "sparsemixer takes a softmax for each choice; "));
  for (const char *type :
       {"doge", "ernie4_5_vl_moe", "jetmoe", "muse_spark", "nemotron_h_puzzle",
        "nllb-moe", "nllb_moe", "switch_transformers", "vitpose",
        "vitpose_backbone", "zaya"})
    EXPECT_THAT(refusal("{\"model_type\": \"" + std::string(type) + "\"}"),
                HasSubstr("which does not fit: "));
}

TEST(Family, a_single_expert_may_keep_its_weight) {
  auto renormalized = [](const std::string &type, const std::string &chosen) {
    return load("{\"model_type\": \"" + type + "\", \"num_experts_per_tok\": " +
                chosen + R"(, "num_hidden_layers": 1, "hidden_size": 16,
                "moe_intermediate_size": 4, "num_experts": 8,
                "num_shared_experts": null, "first_k_dense_replace": 0,
                "routed_scaling_factor": 1.0, "n_group": 1, "topk_group": 1,
                "norm_topk_prob": )" +
                (type == "bailing_moe_v2" ? "null}" : "true}"))
               .layer(0)
               .router.renormalize != MOELORA_RENORMALIZE_NONE;
  };
  for (const std::string type : {"bailing_moe", "bailing_moe_v2", "deepseek"}) {
    EXPECT_FALSE(renormalized(type, "1")) << type;
    EXPECT_TRUE(renormalized(type, "2")) << type;
  }
  EXPECT_TRUE(renormalized("qwen3_moe", "1"));
}

TEST(Family, defaults_in_which_classes_differ_must_be_stated) {
  auto why = [](const std::string &more) {
    return refusal(R"({"model_type": "bailing_moe_v2", "num_hidden_layers": 2,
        "hidden_size": 16, "moe_intermediate_size": 4, "num_experts": 8,
        "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1)" +
                   more + "}");
  };
  std::string end = " to be stated, because classes of bailing_moe_v2 differ "
                    "in their defaults for it, but it is absent";
  EXPECT_EQ(why(""), "expects num_shared_experts" + end);
  EXPECT_EQ(why(R"(, "num_shared_experts": null, "first_k_dense_replace": 0)"),
            "expects routed_scaling_factor" + end);
}

TEST(Family, activations_by_word) {
  auto function = [](const std::string &word) {
    return load(withKeys(qwen3Keys, "\"hidden_act\": \"" + word + "\""))
        .layer(0)
        .activation.function;
  };
  EXPECT_EQ(function("silu"), MOELORA_SILU);
  EXPECT_EQ(function("swish"), MOELORA_SILU);
  EXPECT_EQ(function("gelu"), MOELORA_GELU);
  EXPECT_EQ(function("gelu_pytorch_tanh"), MOELORA_GELU_TANH);
  EXPECT_EQ(function("relu2"), MOELORA_RELU2);
  EXPECT_EQ(refusalOf("hidden_act", "\"quick_gelu\""),
            "expects hidden_act to be one of silu, swish, gelu_pytorch_tanh, "
            "gelu_new, gelu, relu2, but it is \"quick_gelu\"; such a layer can "
            "be stated by hand in MLIR and compiled from there");
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

moelora_adapter_site siteOf(const std::string &type,
                            const std::string &more = "\"x\": 1") {
  const std::string keys = R"("num_hidden_layers": 1, "hidden_size": 16,
      "num_experts": 8, "num_experts_per_tok": 2, "intermediate_size": 4,
      "moe_intermediate_size": 4, "top_k_experts": 2)";
  AdapterTarget target(
      load(withKeys("\"model_type\": \"" + type + "\", " + keys, more)));
  return target.get().site[0];
}

TEST(Family, adapter_sites_of_every_kind) {
  moelora_adapter_site zero = siteOf("longcat_flash", "\"zero_expert_num\": 3");
  EXPECT_EQ(zero.experts, 8);
  EXPECT_EQ(zero.logits, 11);
  EXPECT_EQ(zero.zero_experts, 3);
  moelora_adapter_site narrow =
      siteOf("nemotron_h", R"("layers_block_type": ["moe"],
             "moe_latent_size": 5, "moe_shared_expert_intermediate_size": 3)");
  EXPECT_EQ(narrow.latent, 5);
  EXPECT_EQ(narrow.shared, 3);
  EXPECT_EQ(narrow.gated, 0);
  EXPECT_THAT(words(narrow.names->packed_gate_up), ElementsAre("up_proj"));
  EXPECT_THAT(words(narrow.names->latent_in), ElementsAre("fc1_latent_proj"));
  EXPECT_EQ(siteOf("gpt_oss").interleaved, 1);
  EXPECT_EQ(siteOf("openai_privacy_filter").interleaved, 0);
  moelora_adapter_site root = siteOf("gemma4", "\"enable_moe_block\": true");
  EXPECT_THAT(words(root.names->block), ElementsAre(""));
  EXPECT_THAT(words(root.names->router), ElementsAre("router.proj"));
}

TEST(Family, how_packed_parameters_are_stored) {
  auto storage = [](const char *type) { return siteOf(type).storage; };
  EXPECT_EQ(storage("qwen3_moe"), MOELORA_STORED_OUT_IN);
  EXPECT_EQ(storage("granitemoe"), MOELORA_STORED_OUT_IN);
  EXPECT_EQ(storage("gpt_oss"), MOELORA_STORED_IN_OUT);
  EXPECT_EQ(storage("qwen3_vl_moe_text"),
            MOELORA_STORED_OUT_IN | MOELORA_STORED_IN_OUT);
}

TEST(Family, prediction_layers) {
  auto layers = [](const std::string &more) {
    return AdapterTarget(load(withKeys(qwen3Keys, more)))
        .get()
        .prediction_layers;
  };
  EXPECT_EQ(layers("\"x\": 1"), 0);
  EXPECT_EQ(layers("\"num_nextn_predict_layers\": 1"), 1);
  EXPECT_EQ(layers("\"num_mtp_modules\": 3"), 3);
  for (const char *value : {"null", "-1", "true", "[1]", "1e30", "NaN"})
    EXPECT_EQ(layers("\"num_nextn_predict_layers\": " + std::string(value)), 0);
}

TEST(Family, what_single_packed_pairs_mean) {
  auto rule = [](const char *type) { return siteOf(type).names->blind_rule; };
  EXPECT_EQ(rule("gpt_oss"), MOELORA_BLIND_IN_OUT);
  EXPECT_EQ(rule("olmoe"), MOELORA_BLIND_OUT_IN);
  EXPECT_EQ(rule("minimax_m2"), MOELORA_BLIND_OUT_IN);
  for (const char *type : {"mixtral", "qwen3_moe", "llama4", "mellum"})
    EXPECT_EQ(rule(type), MOELORA_BLIND_REFUSE) << type;
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
