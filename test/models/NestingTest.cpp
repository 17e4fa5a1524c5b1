// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Configs of several parts; marks of quantised models count in any of them.

#include "TestModels.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::HasSubstr;

namespace {

const std::string sizes =
    R"("num_hidden_layers": 1, "hidden_size": 16, "moe_intermediate_size": 4,
       "intermediate_size": 4, "num_experts": 8, "num_experts_per_tok": 2,
       "first_k_dense_replace": 0, "n_group": 1, "topk_group": 1)";

/// {"model_type": outer, part: {"model_type": inner, ...}, ...}
std::string nested(const std::string &outer, const std::string &part,
                   const std::string &inner, const std::string &more = "") {
  std::string type = inner.empty() ? "" : "\"model_type\": \"" + inner + "\", ";
  return withKeys("\"model_type\": \"" + outer + "\", \"" + part + "\": {" +
                      type + sizes + "}",
                  more);
}

Model load(const std::string &text) {
  Result<Model> model = parseModel(text, "config.json");
  EXPECT_TRUE(model) << model.message();
  return *model;
}

TEST(Nesting, parts_that_hold_the_text_model) {
  for (const char *part : {"text_config", "language_config", "llm_config"}) {
    Model model = load(nested("qwen3_5_moe", part, "qwen3_5_moe_text"));
    EXPECT_EQ(model.modelType(), "qwen3_5_moe");
    EXPECT_EQ(model.layer(0).router.experts, 8);
  }
  Model omni = load(R"({"model_type": "qwen3_omni_moe",
      "thinker_config": {"text_config": {)" +
                    sizes + R"(}},
      "talker_config": {"text_config": {"num_experts": 9}}})");
  EXPECT_EQ(omni.layer(0).router.experts, 8);
}

TEST(Nesting, the_part_need_not_say_what_it_is) {
  EXPECT_EQ(load(nested("kimi_k25", "text_config", "")).layer(0).router.score,
            MOELORA_SCORE_SIGMOID);
  Model model = load(nested("aria", "text_config", "aria_moe_lm"));
  EXPECT_EQ(model.modelType(), "aria");
  EXPECT_EQ(model.warning(),
            "model_type of the text part is \"aria_moe_lm\", which is not "
            "known: the layer is read as aria computes it, because model_type "
            "of the whole says so");
  EXPECT_EQ(load(nested("aria", "text_config", "")).warning(), "");
}

TEST(Nesting, parts_in_other_places_are_pointed_out) {
  EXPECT_THAT(
      refusal(nested("some_vision_model", "llm_cfg", "qwen3_moe")),
      HasSubstr("but it is \"some_vision_model\"; its part llm_cfg is of "
                "qwen3_moe, which can be given as a configuration of its own"));
  EXPECT_THAT(refusal(R"({"model_type": "speaker", "thinker_config":
                  {"llm_config": {"model_type": "mixtral"}}})"),
              HasSubstr("its part thinker_config.llm_config is of mixtral"));
}

TEST(Nesting, the_part_says_what_it_is_when_the_whole_does_not) {
  Model model = load(nested("some_vision_model", "text_config", "qwen3_moe"));
  EXPECT_EQ(model.modelType(), "qwen3_moe");
  EXPECT_THAT(refusal(nested("some_vision_model", "text_config", "nobody")),
              HasSubstr("but it is \"some_vision_model\"; such"));
  EXPECT_THAT(refusal(nested("some_vision_model", "text_config", "phimoe")),
              HasSubstr("model_type is \"phimoe\", which does not fit: its "));
}

TEST(Nesting, vision_parts_are_not_read) {
  EXPECT_EQ(load(nested("qwen3_5_moe", "text_config", "qwen3_5_moe_text",
                        R"("vision_config": {"model_type": "qwen3_5_moe",
                           "num_experts": 3, "hidden_act": "nothing",
                           "quantization_config": {}})"))
                .layer(0)
                .router.experts,
            8);
}

TEST(Nesting, element_types_of_the_part_come_first) {
  std::string text =
      nested("qwen3_5_moe", "text_config", "", "\"torch_dtype\": \"float16\"");
  EXPECT_EQ(load(text).dtype(), MOELORA_F16);
  size_t at = text.find("\"num_hidden_layers\"");
  text.insert(at, "\"dtype\": \"float32\", ");
  EXPECT_EQ(load(text).dtype(), MOELORA_F32);
}

TEST(Nesting, a_part_that_is_no_object_is_none) {
  for (const char *part : {"null", "3", "[]", "\"text\""})
    EXPECT_EQ(refusal(withKeys("\"model_type\": \"qwen3_moe\", " + sizes,
                               "\"text_config\": " + std::string(part))),
              "");
}

TEST(Nesting, quantised_at_either_level) {
  const std::string fp8 = R"("quantization_config": {"quant_method": "fp8"})";
  const std::string text =
      "expects weights in bfloat16, float16 or float32, but "
      "quantization_config states quant_method \"fp8\"";
  EXPECT_EQ(refusal(nested("qwen3_5_moe", "text_config", "", fp8)), text);
  std::string inner = nested("qwen3_5_moe", "text_config", "");
  inner.insert(inner.find("\"num_hidden_layers\""), fp8 + ", ");
  EXPECT_EQ(refusal(inner), text);
}

} // namespace
