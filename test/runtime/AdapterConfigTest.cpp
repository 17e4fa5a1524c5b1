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

/// The result of opening a valid adapter with this configuration.
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

TEST(AdapterConfig, init_lora_weights_in_any_case) {
  auto with = [](const char *init) {
    return answerTo(
        config(2, 3, "\"init_lora_weights\": \"" + std::string(init) + "\""));
  };
  for (const char *init : {"gaussian", "Gaussian", "GAUSSIAN", "mica", "MiCA",
                           "EVA", "Orthogonal"})
    EXPECT_EQ(with(init), "");
  for (const char *init : {"PiSSA", "LoftQ", "LoRA_GA", "micab"})
    EXPECT_THAT(with(init), HasSubstr("init_lora_weights"));
}

TEST(AdapterConfig, keys_of_training_alone) {
  for (const char *more :
       {R"("swift_type": "LORA", "lora_dtype": "bf16", "lorap_lr_ratio": 16.0,
           "lorap_emb_lr": 1e-06, "use_qa_lora": false, "enable_lora": null)",
        R"("velora_config": {"num_groups": 4})",
        R"("megatron_config": {"a": 1})", R"("merge_weights": true)",
        R"("init_lora_weights": true, "lora_ga_config": {"direction": "A"})"})
    EXPECT_EQ(answerTo(config(2, 3, more)), "") << more;
}

TEST(AdapterConfig, versions_of_other_programs) {
  EXPECT_EQ(answerTo(config(2, 3, R"("transformers_version": "5.24.0",
      "unsloth_version": "2026.11.1")")),
            "");
  EXPECT_THAT(answerTo(config(2, 3, R"("format_version": 2)")),
              HasSubstr("format_version"));
  EXPECT_THAT(answerTo(config(2, 3, R"("_version": "1")")),
              HasSubstr("_version"));
}

TEST(AdapterConfig, numbers_of_python) {
  for (const std::string number : {"NaN", "Infinity", "-Infinity"}) {
    EXPECT_EQ(answerTo(config(2, 3,
                              "\"lora_dropout\": " + number +
                                  R"(, "revision": "\"NaN",
                                        "eva_config": {"a": [)" +
                                  number + ", " + number + "]}")),
              "");
    EXPECT_THAT(answerTo(R"({"peft_type": "LORA", "r": 2, "lora_alpha": )" +
                         number + "}"),
                HasSubstr("expects lora_alpha to be a number, but it is "));
    EXPECT_THAT(answerTo(R"({"peft_type": "LORA", "lora_alpha": 2, "r": )" +
                         number + "}"),
                HasSubstr("expects r to be a rank"));
    EXPECT_THAT(
        answerTo(config(2, 3, R"("alpha_pattern": {"a": )" + number + "}")),
        HasSubstr("alpha_pattern['a'] to be a number"));
    EXPECT_THAT(answerTo(config(2, 3, "\"something_new\": " + number)),
                HasSubstr("expects no something_new"));
    EXPECT_THAT(answerTo(config(2, 3, number + ": 1")),
                HasSubstr("expects JSON, but a key is a number"));
  }
  for (const char *text : {"nan", "-NaN", "NaNa", "Infinit", "--Infinity",
                           "1NaN", "+Infinity", "InfinityInfinity"})
    EXPECT_THAT(
        answerTo(config(2, 3, "\"lora_dropout\": " + std::string(text))),
        HasSubstr("expects JSON, but at byte"))
        << text;
}

TEST(AdapterConfig, of_mlx) {
  EXPECT_THAT(answerTo(R"({"fine_tune_type": "lora", "num_layers": 16,
                           "lora_parameters": {"rank": 8}})"),
              HasSubstr("expects an adapter of PEFT, but it is one of MLX, as "
                        "fine_tune_type says"));
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
