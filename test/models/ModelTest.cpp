// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Published configurations, and which layers have experts.

#include "TestFacts.h"
#include "TestModels.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

using namespace moelora::models;
using testing::ElementsAre;

namespace {

struct Published {
  const char *file;
  int layers;
  int64_t hidden;
  const char *facts;
};

constexpr Published published[] = {
    {"deepseek-v2-lite.json", 27, 2048,
     "I1408 S2816 E64/6 L1-26 softmax router-f32"},
    {"deepseek-v2.json", 60, 5120,
     "I1536 S3072 E160/6 L1-59 softmax groups8/3-max-zero x16 router-f32"},
    {"deepseek-v3.json", 61, 7168,
     "I2048 S2048 E256/8 L3-60 sigmoid bias groups8/4-top2 sum+1e-20 x2.5 "
     "router-f32"},
    {"deepseek-v4-flash.json", 43, 4096,
     "I2048 S2048 E256/6 L0-42 sqrtsoftplus sum+1e-20 x1.5 table129280 pre10 "
     "shared-pre10"},
    {"gemma-4-26b-a4b.json", 30, 2816,
     "I704 E128/8 L0-29 softmax sum expert-scale router-input "
     "router-norm1e-06x0.0188445 router-f32 gelu-tanh"},
    {"glm-4.5-air.json", 46, 4096,
     "I1408 S1408 E128/8 L1-45 sigmoid bias sum+1e-20 router-f32"},
    {"gpt-oss-120b.json", 36, 2880,
     "I2880 E128/4 L0-35 identity post-softmax expert-biases alpha1.702 up+1 "
     "pre7"},
    {"gpt-oss-20b.json", 24, 2880,
     "I2880 E32/4 L0-23 identity post-softmax expert-biases alpha1.702 up+1 "
     "pre7"},
    {"granite-3.0-1b-a400m.json", 24, 1024,
     "I512 E32/8 L0-23 identity post-softmax"},
    {"kimi-k2.json", 61, 7168,
     "I2048 S2048 E384/8 L1-60 sigmoid bias sum+1e-20 x2.827 router-f32"},
    {"lfm2-8b-a1b.json", 24, 2048, "I1792 E32/4 L2-23 sigmoid bias sum+1e-06"},
    {"llama-4-maverick.json", 48, 5120,
     "I8192 S8192 E128/1 "
     "L1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47 "
     "identity post-sigmoid on-input"},
    {"llama-4-scout.json", 48, 5120,
     "I8192 S8192 E16/1 L0-47 identity post-sigmoid on-input"},
    {"minimax-m2.json", 62, 3072, "I1536 E256/8 L0-61 sigmoid bias sum"},
    {"mixtral-8x7b.json", 32, 4096, "I14336 L0-31 softmax sum"},
    {"nemotron-3-nano-30b-a3b.json", 52, 2688,
     "I1856 S3712 E128/6 "
     "L1,3,6,8,10,13,15,17,20,22,24,27,29,31,34,36,38,40,43,45,47,49,51 "
     "sigmoid bias sum+1e-20 x2.5 router-f32 relu2 plain"},
    {"nemotron-3-super.json", 88, 4096,
     "I2688 S5376 E512/22 "
     "L1,3,5,8,10,12,14,17,19,21,23,25,28,30,32,34,36,39,41,43,45,47,50,52,54,"
     "56,58,61,63,65,67,69,72,74,76,78,81,83,85,87 "
     "sigmoid bias sum+1e-20 x5 router-f32 relu2 plain latent1024"},
    {"olmoe-1b-7b.json", 16, 2048, "I1024 E64/8 L0-15 softmax"},
    {"qwen1.5-moe-a2.7b.json", 24, 2048,
     "I1408 S5632 scored E60/4 L0-23 softmax"},
    {"qwen3-235b-a22b.json", 94, 4096, "I1536 E128/8 L0-93 softmax sum"},
    {"qwen3-30b-a3b.json", 48, 2048, "I768 E128/8 L0-47 softmax sum"},
    {"qwen3-next-80b-a3b.json", 48, 2048,
     "I512 S512 scored E512/10 L0-47 softmax sum"},
    {"qwen3.5-35b-a3b.json", 40, 2048,
     "I512 S512 scored E256/8 L0-39 softmax sum"},
};

TEST(Model, published_configurations) {
  for (const Published &expected : published) {
    SCOPED_TRACE(expected.file);
    Result<Model> model =
        loadModel(std::string(MOELORA_TEST_CONFIGS "/") + expected.file);
    ASSERT_TRUE(model) << model.message();
    EXPECT_EQ(model->layers(), expected.layers);
    const moelora_layer &layer = model->layer(model->firstMoeLayer());
    EXPECT_EQ(layer.dtype, MOELORA_BF16);
    EXPECT_EQ(layer.hidden, expected.hidden);
    std::string hidden = "H" + std::to_string(expected.hidden) + " ";
    EXPECT_EQ(factsOf(*model), hidden + expected.facts);
  }
}

TEST(Model, all_published_configurations_are_tested) {
  size_t files = 0;
  for (auto &entry : std::filesystem::directory_iterator(MOELORA_TEST_CONFIGS))
    files += entry.path().extension() == ".json";
  EXPECT_EQ(files, std::size(published));
}

TEST(Model, layers_that_differ) {
  Result<Model> model =
      loadModel(MOELORA_TEST_CONFIGS "/deepseek-v4-flash.json");
  ASSERT_TRUE(model) << model.message();
  EXPECT_THAT(model->distinctLayers(), ElementsAre(0, 3));
  EXPECT_EQ(model->layer(2).router.table_rows, 129280);
  EXPECT_EQ(model->layer(2).router.bias_on, MOELORA_BIAS_NONE);
  EXPECT_EQ(model->layer(3).router.table_rows, 0);
  EXPECT_EQ(model->layer(3).router.bias_on, MOELORA_BIAS_ON_SCORE);
}

TEST(Model, values_by_layer) {
  Result<Model> model = parseModel(R"({"model_type": "hunyuan_v1_moe",
      "num_hidden_layers": 4, "hidden_size": 16, "intermediate_size": 4,
      "moe_intermediate_size": [4, 4, 4, 4], "num_experts": [8, 4, 4, 8],
      "moe_topk": [2, 2, 1, 2]})",
                                   "config.json");
  ASSERT_TRUE(model) << model.message();
  EXPECT_THAT(model->distinctLayers(), ElementsAre(0, 1, 2));
  EXPECT_EQ(model->layer(2).router.experts, 4);
  EXPECT_EQ(model->layer(2).router.top_k, 1);
  EXPECT_EQ(model->layer(3).router.experts, 8);
}

std::vector<int> moeLayers(const std::string &changes) {
  Result<Model> model = parseModel(withKeys(qwen3Keys, changes), "config.json");
  EXPECT_TRUE(model) << model.message();
  return model->moeLayers();
}

TEST(Model, sparse_step_and_dense_list) {
  EXPECT_THAT(moeLayers(""), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(moeLayers("\"mlp_only_layers\": [0, 2]"), ElementsAre(1, 3));
  EXPECT_THAT(moeLayers("\"mlp_only_layers\": null"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(moeLayers("\"mlp_only_layers\": [3, 4, 77]"),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(moeLayers("\"decoder_sparse_step\": 2"), ElementsAre(1, 3));
  EXPECT_THAT(moeLayers("\"decoder_sparse_step\": 2, \"mlp_only_layers\": [1]"),
              ElementsAre(3));
}

TEST(Model, layers_by_number) {
  Result<Model> model =
      parseModel(withKeys(qwen3Keys, "\"mlp_only_layers\": [0]"), "x");
  ASSERT_TRUE(model);
  EXPECT_EQ(model->firstMoeLayer(), 1);
  for (int none : {-1, 0, 4, 1 << 30})
    EXPECT_FALSE(model->isMoe(none)) << none;
  EXPECT_TRUE(model->isMoe(3));
  EXPECT_THAT(model->distinctLayers(), ElementsAre(1));
}

TEST(Model, element_types) {
  auto dtype = [](const std::string &changes) {
    return parseModel(withKeys(qwen3Keys, changes), "x")->dtype();
  };
  EXPECT_EQ(dtype(""), MOELORA_BF16);
  EXPECT_EQ(dtype("\"torch_dtype\": \"float16\""), MOELORA_F16);
  EXPECT_EQ(dtype("\"dtype\": \"float32\""), MOELORA_F32);
  EXPECT_EQ(dtype("\"dtype\": \"auto\""), MOELORA_BF16);
  EXPECT_EQ(refusalOf("dtype", "\"float64\""),
            "expects dtype to be bfloat16, float16 or float32, but it is "
            "\"float64\"");
}

TEST(Model, a_folder_stands_for_its_config) {
  std::string folder = temporaryPath("model");
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/config.json") << withKeys(mixtralKeys);
  Result<Model> model = loadModel(folder);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(model) << model.message();
  EXPECT_EQ(model->modelType(), "mixtral");
}

} // namespace
