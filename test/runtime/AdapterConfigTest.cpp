/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * adapter_config.json: what is refused by name, what is harmless.
 */
#include "Files.h"

#include "moelora/runtime/AdapterFacts.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// What opening a good adapter with this configuration answers.
std::string answerTo(const std::string &json) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.0.up_proj"), 2, hidden,
          intermediate);
  writeAdapter(folder, json, tensors);
  Opened opened = open(folder, Model());
  moelora_adapter_facts facts = {};
  facts.size = sizeof facts;
  EXPECT_EQ(moelora_adapter_read_facts(folder.path.c_str(), &facts, nullptr),
            opened.status)
      << json;
  return opened.text;
}

} // namespace

TEST(AdapterConfig, refused_by_name) {
  const char *cases[][2] = {{"use_dora", "true"},
                            {"lora_bias", "true"},
                            {"alora_invocation_tokens", "[3, 4]"},
                            {"use_qalora", "true"},
                            {"use_bdlora", "{\"a\": 1}"},
                            {"layer_replication", "[[0, 2]]"},
                            {"arrow_config", "{\"top_k\": 2}"},
                            {"lora_ga_config", "{\"a\": 1}"},
                            {"something_new", "0"},
                            {"bias", "\"all\""},
                            {"bias", "\"lora_only\""},
                            {"bias", "7"},
                            {"init_lora_weights", "\"pissa\""},
                            {"init_lora_weights", "\"pissa_niter_4\""},
                            {"init_lora_weights", "\"olora\""},
                            {"init_lora_weights", "\"corda\""},
                            {"init_lora_weights", "\"loftq\""},
                            {"init_lora_weights", "\"lora_ga\""},
                            {"megatron_config", "{\"a\": 1}"},
                            {"velora_config", "{\"a\": 1}"},
                            {"kasa_config", "{\"a\": 1}"},
                            {"monteclora_config", "{\"a\": 1}"},
                            {"init_lora_weights", "1"}};
  for (const auto &[key, value] : cases)
    EXPECT_THAT(
        answerTo(config(2, 3, "\"" + std::string(key) + "\": " + value)),
        HasSubstr(key))
        << value;
}

TEST(AdapterConfig, harmless) {
  EXPECT_EQ(answerTo(config(2, 3, R"("use_dora": false, "bias": "none",
      "init_lora_weights": "gaussian", "layers_to_transform": [7],
      "target_modules": "all-linear", "loftq_config": {}, "revision": "x",
      "something_new": null, "something_else": [], "lora_dropout": 0.1)")),
            "");
}

TEST(AdapterConfig, peft_type) {
  EXPECT_THAT(answerTo(R"({"peft_type": "LOHA", "r": 2, "lora_alpha": 3})"),
              HasSubstr("expects peft_type to be 'LORA', but it is 'LOHA'"));
  EXPECT_THAT(answerTo(R"({"r": 2, "lora_alpha": 3})"),
              HasSubstr("expects peft_type to be 'LORA', but it is null"));
}

TEST(AdapterConfig, numbers) {
  auto with = [](const std::string &r, const std::string &alpha) {
    return answerTo(R"({"peft_type": "LORA", "r": )" + r +
                    ", \"lora_alpha\": " + alpha + "}");
  };
  EXPECT_EQ(with("2", "0.5"), "");
  for (const char *r : {"0", "-2", "2.0", "\"2\"", "null", "65537", "1e99",
                        "99999999999999999999", "true"})
    EXPECT_THAT(with(r, "1"), HasSubstr("expects r to be a rank from 1 to"))
        << r;
  for (const char *alpha : {"null", "\"8\"", "[]"})
    EXPECT_THAT(with("2", alpha), HasSubstr("expects lora_alpha to be"));
  EXPECT_THAT(with("2", "1e999"), HasSubstr("expects JSON"));
}

TEST(AdapterConfig, wrong_types) {
  for (const char *more :
       {R"("rank_pattern": [1])", R"("rank_pattern": {"a": 0})",
        R"("alpha_pattern": {"a": "b"})", R"("use_rslora": 1)",
        R"("target_parameters": "down_proj")", R"("modules_to_save": [1])",
        R"("rank_pattern": {"(?i)a": 2})"})
    EXPECT_THAT(answerTo(config(2, 3, more)), HasSubstr("expects")) << more;
  EXPECT_THAT(answerTo("[]"), HasSubstr("expects an object at the top"));
}

TEST(AdapterConfig, too_many_patterns) {
  std::string many = "\"rank_pattern\": {\"a0\": 1";
  for (int i = 1; i <= 131072; ++i)
    many += ", \"a" + std::to_string(i) + "\": 1";
  EXPECT_THAT(answerTo(config(2, 3, many + "}")),
              HasSubstr("at most 131072 patterns, but it is one of 131073"));
}

TEST(AdapterConfig, malformed) {
  std::string deep(50000, '[');
  EXPECT_THAT(answerTo(deep), HasSubstr("at most 64 levels of nesting"));
  EXPECT_THAT(answerTo(R"({"r": 1, "r": 2})"), HasSubstr("duplicate key 'r'"));
  for (const char *text : {"", "{", "{\"r\": }", "\xff", "{\"r\": 1} x"})
    EXPECT_THAT(answerTo(text), HasSubstr("expects JSON, but at byte"));
  EXPECT_THAT(answerTo("{\"\\u001b[31m\": 1, \"\\u001b[31m\": 2}"),
              HasSubstr("duplicate key '?[31m'"));
}

TEST(AdapterConfig, no_files) {
  Folder folder;
  EXPECT_THAT(open(folder, Model()).text,
              HasSubstr("adapter_config.json: No such file"));
  folder.write("adapter_config.json", config(2, 3));
  Opened opened = open(folder, Model());
  EXPECT_EQ(opened.status, MOELORA_IO);
  EXPECT_THAT(opened.text, HasSubstr("adapter_model.safetensors"));
}
