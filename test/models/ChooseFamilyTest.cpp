// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The family of a config, and the messages if it is not known.

#include "TestModels.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::HasSubstr;

namespace {

Model load(const std::string &text) {
  Result<Model> model = parseModel(text, "config.json");
  EXPECT_TRUE(model) << model.message();
  return *model;
}

TEST(ChooseFamily, unknown_types_are_told_what_is_near) {
  std::string text = refusal(R"({"model_type": "mixtral_2"})");
  EXPECT_EQ(text, "expects model_type to name a family that is known, such as "
                  "mixtral or mistral4, but it is \"mixtral_2\"; such a layer "
                  "can be stated by hand in MLIR and compiled from there");
  EXPECT_THAT(refusal(R"({"model_type": "Qwen3-MoE"})"),
              HasSubstr("such as qwen3_moe or "));
  EXPECT_THAT(refusal(R"({"model_type": "flint_with_much_more_behind"})"),
              HasSubstr("such as flint, but"));
  EXPECT_THAT(refusal(R"({"model_type": "gpt2"})"),
              HasSubstr("expects model_type to name a family that is known, "
                        "but it is \"gpt2\"; such"));
  EXPECT_THAT(refusal("{}"), HasSubstr("but it is absent; such a layer"));
  EXPECT_THAT(refusal(R"({"model_type": 3})"), HasSubstr("but it is 3; "));
  std::string endless(100000, 'q');
  EXPECT_LT(refusal("{\"model_type\": \"" + endless + "\"}").size(), 300u);
}

TEST(ChooseFamily, parts_that_are_no_language_model) {
  for (const std::string type :
       {"gemma4_vision", "glm4v_moe_vision", "llama4_vision_model",
        "inkling_audio", "muse_spark_audio", "deepseek_ocr2_encoder",
        "qwen3_omni_moe_talker_code_predictor"})
    EXPECT_EQ(refusal("{\"model_type\": \"" + type + "\"}"),
              "expects the configuration of a whole model or of its language "
              "model, but model_type is \"" +
                  type + "\", which names another part");
  // Whole models of which nothing is known.
  for (const std::string type : {"vision-encoder-decoder", "audio_flamingo3"})
    EXPECT_THAT(refusal("{\"model_type\": \"" + type + "\"}"),
                HasSubstr("expects model_type to name a family"));
}

TEST(ChooseFamily, empty_types_of_parts) {
  for (const std::string type : {"\"\"", "null"})
    EXPECT_EQ(refusal("{\"model_type\": " + type + ", \"num_experts\": 8}"),
              "expects model_type to name a family of models, but it is "
              "empty, as in parts of a model's configuration" +
                  byHand);
  EXPECT_THAT(refusal(R"({"model_type": "", "num_hidden_layers": 1,
                          "architectures": ["MixtralForCausalLM"]})"),
              HasSubstr("expects hidden_size"));
}

TEST(ChooseFamily, other_files_in_place_of_a_configuration) {
  EXPECT_EQ(refusal(R"({"peft_type": "LORA", "r": 8})"),
            "expects a model's configuration, but peft_type tells that it is "
            "an adapter's configuration");
  EXPECT_EQ(refusal(R"({"metadata": {}, "weight_map": {}})"),
            "expects a model's configuration, but weight_map tells that it is "
            "the index of a checkpoint");
}

TEST(ChooseFamily, architectures_stand_for_an_absent_type) {
  auto typeOf = [](const std::string &className) {
    std::string keys = qwen3Keys.substr(qwen3Keys.find(',') + 1);
    Model model = load(withKeys(
        keys, "\"intermediate_size\": 24, \"n_group\": 1, \"topk_group\": 1, "
              "\"architectures\": [\"" +
                  className + "\"]"));
    return model.modelType();
  };
  EXPECT_EQ(typeOf("Qwen3MoeForCausalLM"), "qwen3_moe");
  EXPECT_EQ(typeOf("MixtralForCausalLM"), "mixtral");
  EXPECT_EQ(typeOf("DeepseekV3ForCausalLM"), "deepseek_v3");
  EXPECT_EQ(typeOf("Ernie4_5_MoeForCausalLM"), "ernie4_5_moe");
  EXPECT_EQ(typeOf("HunYuanMoEV1ForCausalLM"), "hunyuan");
  EXPECT_THAT(refusal(R"({"architectures": ["PhimoeForCausalLM"]})"),
              HasSubstr("\"phimoe\", which does not fit"));
  EXPECT_THAT(refusal(R"({"architectures": ["LlamaForCausalLM"]})"),
              HasSubstr("but it is absent"));
}

TEST(ChooseFamily, hunyuan_is_known_by_its_class) {
  std::string keys =
      R"("model_type": "hunyuan", "num_hidden_layers": 1, "hidden_size": 16,
         "intermediate_size": 4, "num_experts": 8, "moe_topk": 2)";
  EXPECT_EQ(
      load(withKeys(keys, R"("architectures": ["HunYuanMoEV1ForCausalLM"])"))
          .modelType(),
      "hunyuan");
  EXPECT_THAT(
      refusal(withKeys(keys, R"("architectures": ["HunYuanForCausalLM"])")),
      HasSubstr("of which only HunYuanMoEV1ForCausalLM is known"));
}

TEST(ChooseFamily, code_of_its_own_is_warned_of) {
  auto warning = [](const std::string &more) {
    return load(withKeys(qwen3Keys, more)).warning();
  };
  const std::string map = R"(, "auto_map":
      {"AutoModelForCausalLM": "modeling_x.XForCausalLM"})";
  EXPECT_EQ(warning(R"("architectures": ["XForCausalLM"])" + map),
            "auto_map names code of the model's own, class \"XForCausalLM\": "
            "the layer is read as qwen3_moe computes it, because model_type "
            "says so");
  EXPECT_THAT(warning(map.substr(2)), HasSubstr("class \"XForCausalLM\""));
  EXPECT_THAT(warning(R"("auto_map": {"AutoConfig": "c.XConfig",
                              "AutoModel": "code--modeling_x.XModel"})"),
              HasSubstr("class \"XModel\""));
  EXPECT_EQ(warning(R"("auto_map": {"AutoConfig": "c.XConfig"})"), "");
  // Most such code is the library's, under the library's name.
  EXPECT_EQ(warning(R"("architectures": ["Qwen3MoeForCausalLM"])" + map), "");
  // Without code of its own it is the library's that runs.
  EXPECT_EQ(warning(R"("architectures": ["XForCausalLM"])"), "");
  std::string kimi = R"({"model_type": "kimi_k2", "num_hidden_layers": 1,
      "hidden_size": 16, "moe_intermediate_size": 4, "n_routed_experts": 8,
      "num_experts_per_tok": 2, "first_k_dense_replace": 0, "n_group": 1,
      "topk_group": 1, "architectures": ["DeepseekV3ForCausalLM"])" +
                     map + "}";
  EXPECT_EQ(load(kimi).warning(), "");
}

} // namespace
