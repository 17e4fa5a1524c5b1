// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bad configurations: each is refused in words that name the key and value.

#include "TestModels.h"

#include <fstream>
#include <gmock/gmock.h>
#include <random>

using namespace moelora::models;
using testing::HasSubstr;

namespace {

const std::string width = " to be an integer between 1 and 1048576, but it is ";

TEST(Config, sizes_out_of_range) {
  for (const char *value :
       {"0", "-1", "1048577", "9223372036854775807", "18446744073709551615"})
    EXPECT_EQ(refusalOf("hidden_size", value),
              "expects hidden_size" + width + value);
  EXPECT_EQ(refusalOf("num_experts", "65537"),
            "expects num_experts to be an integer between 1 and 65536, but it "
            "is 65537");
  EXPECT_EQ(refusalOf("num_hidden_layers", "4097"),
            "expects num_hidden_layers to be an integer between 1 and 4096, "
            "but it is 4097");
}

TEST(Config, scale_of_python) {
  for (const std::string number : {"NaN", "Infinity", "-Infinity"})
    EXPECT_THAT(refusal(R"({"model_type": "deepseek_v3", "num_hidden_layers": 1,
                    "hidden_size": 8, "moe_intermediate_size": 8,
                    "n_routed_experts": 4, "num_experts_per_tok": 2,
                    "first_k_dense_replace": 0, "n_group": 1,
                    "topk_group": 1, "routed_scaling_factor": )" +
                        number + "}"),
                HasSubstr("expects routed_scaling_factor to be a number"));
}

TEST(Config, sizes_of_another_type) {
  for (const char *value : {"64.0", "\"64\"", "true", "[64]", "{}", "1e+30"})
    EXPECT_EQ(refusalOf("moe_intermediate_size", value),
              "expects moe_intermediate_size" + width + value);
}

TEST(Config, missing_and_null_sizes) {
  EXPECT_EQ(refusalOf("hidden_size", "null"),
            "expects hidden_size" + width + "null");
  // Of several spellings, the one that is there is named.
  EXPECT_EQ(refusal(R"({"model_type": "dots1", "num_hidden_layers": 1,
                        "hidden_size": 8, "moe_intermediate_size": 8,
                        "n_routed_experts": null})"),
            "expects n_routed_experts to be an integer between 1 and 65536, "
            "but it is null");
  EXPECT_EQ(refusal(R"({"model_type": "olmoe", "num_hidden_layers": 1})"),
            "expects hidden_size" + width + "absent");
}

TEST(Config, more_chosen_than_there_are) {
  EXPECT_EQ(refusalOf("num_experts_per_tok", "9"),
            "expects num_experts_per_tok to be at most num_experts, but it is "
            "9 of 8");
}

TEST(Config, product_of_sizes) {
  std::string keys = R"("model_type": "mixtral", "num_hidden_layers": 1,
    "hidden_size": 1048576, "intermediate_size": 1048576,
    "num_local_experts": 65536, "num_experts_per_tok": 2)";
  EXPECT_EQ(refusal(withKeys(keys)),
            "expects the experts to have at most 4398046511104 gate and up "
            "weights, but 65536 experts have 2199023255552 each");
}

TEST(Config, aliases_that_disagree) {
  EXPECT_EQ(refusalOf("num_local_experts", "16"),
            "expects num_experts and num_local_experts to agree, but they are "
            "8 and 16");
  EXPECT_EQ(refusalOf("num_local_experts", "8"), "");
  EXPECT_EQ(refusal(withKeys(qwen3Keys, R"("dtype": "float16",
                                           "torch_dtype": "bfloat16")")),
            "expects dtype and torch_dtype to agree, but they are \"float16\" "
            "and \"bfloat16\"");
}

TEST(Config, flags_words_and_lists_of_another_type) {
  EXPECT_EQ(refusalOf("norm_topk_prob", "1"),
            "expects norm_topk_prob to be true or false, but it is 1");
  EXPECT_EQ(refusalOf("dtype", "16"),
            "expects dtype to be a string, but it is 16");
  EXPECT_EQ(refusalOf("mlp_only_layers", "3"),
            "expects mlp_only_layers to be a list of integers between 0 and "
            "4096, but it is 3");
  EXPECT_EQ(refusalOf("mlp_only_layers", "[1,-1]"),
            "expects mlp_only_layers to be a list of integers between 0 and "
            "4096, but it is [1,-1]");
  EXPECT_EQ(refusalOf("decoder_sparse_step", "0"),
            "expects decoder_sparse_step to be an integer between 1 and 4096, "
            "but it is 0");
}

TEST(Config, no_layer_with_experts) {
  EXPECT_EQ(refusalOf("decoder_sparse_step", "5"),
            "expects at least one layer with experts, but all 4 are dense");
}

TEST(Config, not_json) {
  EXPECT_EQ(refusal("{\"a\": 1"),
            "expects valid JSON, but it breaks at byte 8");
  EXPECT_EQ(refusal(""), "expects valid JSON, but it breaks at byte 1");
  EXPECT_EQ(refusal("[1]"), "expects an object, but it holds [1]");
  EXPECT_THAT(refusal("{\"a\": 1e999}"), HasSubstr("expects valid JSON"));
}

TEST(Config, numbers_that_only_python_has) {
  for (const char *value : {"Infinity", "-Infinity", "NaN", "[0.0, Infinity]"})
    EXPECT_EQ(refusalOf("time_step_limit", value), "") << value;
  EXPECT_EQ(refusalOf("hidden_size", "Infinity"),
            "expects hidden_size" + width + "inf");
  EXPECT_THAT(refusal(withKeys(qwen3Keys, R"("torch_dtype": NaN)")),
              HasSubstr("to be a string, but it is nan"));
  EXPECT_EQ(refusal(withKeys(qwen3Keys, R"("x": "a \" NaN \\", "y": NaN)")),
            "");
  EXPECT_THAT(refusal("{NaN: 1}"), HasSubstr("valid JSON"));
  // The byte is that of the file.
  EXPECT_EQ(refusal("{\"a\": NaN, \"b\": -Infinity,, \"c\": NaN}"),
            refusal("{\"a\": 123, \"b\": -12345678,, \"c\": 123}"));
  EXPECT_THAT(refusal("{\"a\": Inf}"), HasSubstr("it breaks at byte"));
  EXPECT_THAT(refusal("{\"a\": NaNNaN}"), HasSubstr("it breaks at byte"));
}

TEST(Config, keys_that_are_there_twice) {
  EXPECT_EQ(refusal(withKeys(qwen3Keys, "\"hidden_size\": 64")),
            "expects every key once, but \"hidden_size\" is there twice");
  EXPECT_EQ(refusal(withKeys(qwen3Keys, R"("x": {"y": 1, "y": 1})")),
            "expects every key once, but \"y\" is there twice");
}

TEST(Config, nesting) {
  auto nested = [](int depth) {
    return withKeys(qwen3Keys, "\"x\": " + std::string(depth, '[') +
                                   std::string(depth, ']'));
  };
  EXPECT_EQ(refusal(nested(63)), "");
  EXPECT_EQ(refusal(nested(64)), "expects values nested at most 64 deep, but "
                                 "they are nested deeper");
  EXPECT_EQ(refusal(nested(100000)), refusal(nested(64)));
}

TEST(Config, long_values_are_cut_short) {
  std::string word(100000, 'x');
  EXPECT_LT(refusalOf("hidden_size", "\"" + word + "\"").size(), 200u);
}

TEST(Config, files) {
  EXPECT_THAT(loadModel("/nowhere/at/all").message(),
              HasSubstr("/nowhere/at/all: cannot read it: "));
  std::string path = temporaryPath("large.json");
  std::ofstream(path) << std::string((16 << 20) + 1, ' ');
  EXPECT_EQ(loadModel(path).message(),
            path + ": expects at most 16777216 bytes, but it has 16777217");
  std::remove(path.c_str());
}

TEST(Config, mutations_never_crash) {
  unsigned seed = 20240;
  std::mt19937 random(seed);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = withKeys(qwen3Keys, R"("mlp_only_layers": [0, 1])");
    for (unsigned n = random() % 4 + 1; n > 0; --n) {
      size_t at = random() % text.size();
      random() % 2 ? text[at] = char(random())
                   : text.erase(at, random() % 9)[0];
    }
    refused += !parseModel(text, "config.json");
  }
  EXPECT_GT(refused, 10000) << "seed " << seed;
}

} // namespace
