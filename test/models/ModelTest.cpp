// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Published configurations, and which layers have experts.

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
  int64_t hidden, intermediate, shared;
  int32_t experts, topK;
  bool renormalize;
};

TEST(Model, published_configurations) {
  const Published cases[] = {
      {"qwen3-30b-a3b.json", 48, 2048, 768, 0, 128, 8, true},
      {"qwen3-235b-a22b.json", 94, 4096, 1536, 0, 128, 8, true},
      {"mixtral-8x7b.json", 32, 4096, 14336, 0, 8, 2, true},
      {"olmoe-1b-7b.json", 16, 2048, 1024, 0, 64, 8, false},
      {"qwen1.5-moe-a2.7b.json", 24, 2048, 1408, 5632, 60, 4, false},
  };
  for (const Published &expected : cases) {
    SCOPED_TRACE(expected.file);
    Result<Model> model =
        loadModel(std::string(MOELORA_TEST_CONFIGS "/") + expected.file);
    ASSERT_TRUE(model) << model.message();
    EXPECT_EQ(model->layers(), expected.layers);
    EXPECT_EQ(int(model->moeLayers().size()), expected.layers);
    EXPECT_THAT(model->distinctLayers(), ElementsAre(0));
    const moelora_layer &layer = model->layer(0);
    EXPECT_EQ(layer.dtype, MOELORA_BF16);
    EXPECT_EQ(layer.hidden, expected.hidden);
    EXPECT_EQ(layer.intermediate, expected.intermediate);
    EXPECT_EQ(layer.shared, expected.shared);
    EXPECT_EQ(layer.shared_score, expected.shared > 0);
    EXPECT_EQ(layer.routed_scale, 1);
    EXPECT_EQ(layer.router.experts, expected.experts);
    EXPECT_EQ(layer.router.top_k, expected.topK);
    EXPECT_EQ(layer.router.score, MOELORA_SCORE_SOFTMAX);
    EXPECT_EQ(layer.router.renormalize, expected.renormalize
                                            ? MOELORA_RENORMALIZE_SUM
                                            : MOELORA_RENORMALIZE_NONE);
    EXPECT_EQ(layer.activation.function, MOELORA_SILU);
    EXPECT_EQ(layer.activation.gated, 1);
  }
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
