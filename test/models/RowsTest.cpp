// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every row of the family table, by what it makes of a small config.

#include "TestFacts.h"
#include "TestModels.h"

#include <fstream>
#include <random>
#include <set>

using namespace moelora::models;

namespace {

const std::string base = R"("num_hidden_layers": 4, "hidden_size": 16,
    "num_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32)";

struct Case {
  std::string modelType, keys, facts;
};

std::string trimmed(const std::string &text) {
  size_t first = text.find_first_not_of(' ');
  size_t last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::vector<Case> readCases() {
  std::vector<Case> cases;
  std::ifstream file(MOELORA_TEST_FAMILIES);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    size_t first = line.find('|'), second = line.find('|', first + 1);
    cases.push_back({trimmed(line.substr(0, first)),
                     trimmed(line.substr(first + 1, second - first - 1)),
                     trimmed(line.substr(second + 1))});
  }
  return cases;
}

std::string read(const std::string &modelType, const std::string &keys) {
  Result<Model> model = parseModel(
      withKeys("\"model_type\": \"" + modelType + "\", " + base, keys), "x");
  return model ? factsOf(*model) : model.message();
}

TEST(Rows, each_says_what_its_family_is) {
  for (const Case &test : readCases())
    EXPECT_EQ(read(test.modelType, test.keys), test.facts)
        << test.modelType << " " << test.keys;
}

/// Other names of a row stand for it whole.
const std::pair<const char *, const char *> aliases[] = {
    {"aria_text", "aria"},
    {"deepseek_ocr2", "deepseek_v2"},
    {"deepseek_ocr2_text", "deepseek_v2"},
    {"deepseek_v32", "deepseek_v3"},
    {"diffusion_gemma_text", "diffusion_gemma"},
    {"dots3_note_text", "dots3_note"},
    {"gemma4_text", "gemma4"},
    {"glm4v_moe", "glm4_moe"},
    {"glm4v_moe_text", "glm4_moe"},
    {"glm5_next_text", "glm5_next"},
    {"hy_v4_vl", "hy_v4"},
    {"hy_v4_vl_text", "hy_v4"},
    {"inkling", "inkling_mm_model"},
    {"inkling2_loop", "inkling2"},
    {"inkling2_loop_text", "inkling2"},
    {"inkling2_text", "inkling2"},
    {"inkling_text", "inkling_mm_model"},
    {"kimi_k2", "deepseek_v3"},
    {"kimi_k25", "deepseek_v3"},
    {"llama4_text", "llama4"},
    {"minimax_m3_vl_text", "minimax_m3_vl"},
    {"mistral_large4_text", "mistral_large4"},
    {"qwen3_5_moe_text", "qwen3_5_moe"},
    {"qwen3_omni_moe_text", "qwen3_omni_moe"},
    {"qwen3_omni_moe_thinker", "qwen3_omni_moe"},
    {"qwen3_vl_moe_text", "qwen3_vl_moe"},
    {"qwen4_exp_text", "qwen4_exp"},
    {"step3p5", "step3p7"},
    {"unlimited_ocr_text", "unlimited_ocr"},
};

TEST(Rows, other_names) {
  std::vector<Case> cases = readCases();
  for (auto [alias, row] : aliases)
    for (const Case &test : cases)
      if (test.modelType == row)
        EXPECT_EQ(read(alias, test.keys), test.facts) << alias;
}

TEST(Rows, all_are_tested) {
  std::set<std::string> tested;
  for (const Case &test : readCases())
    tested.insert(test.modelType);
  for (auto [alias, row] : aliases)
    tested.insert(alias);
  std::vector<std::string> names = supportedFamilies();
  EXPECT_EQ(std::vector<std::string>(tested.begin(), tested.end()), names);
}

/// Whatever a file says of itself, it is read or refused.
TEST(Rows, mutations_never_crash) {
  unsigned seed = 5150;
  std::mt19937 random(seed);
  int refused = 0, tried = 0;
  for (const Case &test : readCases())
    for (int i = 0; i < 100; ++i, ++tried) {
      std::string text = withKeys(
          "\"model_type\": \"" + test.modelType + "\", " + base, test.keys);
      for (unsigned n = random() % 3 + 1; n > 0; --n) {
        size_t at =
            text.find_first_of("0123456789\"[]{", random() % text.size());
        const char *pieces[] = {"-1", "0",  "null", "99999999999",
                                "[",  "\"", "1e9"};
        if (at != std::string::npos)
          text.replace(at, 1, pieces[random() % std::size(pieces)]);
      }
      refused += !parseModel(text, "config.json");
    }
  EXPECT_GT(refused, tried / 3) << "seed " << seed;
  EXPECT_LT(refused, tried) << "seed " << seed;
}

} // namespace
