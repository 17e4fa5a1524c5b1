// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A router that is stored in another type than the layer's becomes an f32
// router in every program that loads the model from its folder.

#include "TestTensors.h"

#include <filesystem>
#include <fstream>

using namespace moelora::models;

namespace {

const std::string keys =
    R"("model_type": "minimax_m2", "num_hidden_layers": 3, "hidden_size": 6,
       "intermediate_size": 4, "num_local_experts": 3,
       "num_experts_per_tok": 2, "dtype": )";

/// A temporary folder with a config.json and optionally weights.
class Folder {
public:
  explicit Folder(const std::string &config) : path(temporaryPath("model")) {
    std::filesystem::create_directory(path);
    std::ofstream(path + "/config.json") << "{" << config << "}";
  }
  ~Folder() { std::filesystem::remove_all(path); }

  Model load(const std::string &file = "") const {
    Result<Model> model = loadModel(path + file);
    EXPECT_TRUE(model) << model.message();
    return *model;
  }

  const std::string path;
};

/// Routers of F32 in those layers.
Tensors routersOf(std::vector<int> layers) {
  Tensors tensors;
  for (int layer : layers)
    tensors.add("model.layers." + std::to_string(layer) +
                    ".block_sparse_moe.gate.weight",
                {3, 6});
  return tensors;
}

TEST(RouterTypes, what_is_stored_decides) {
  Folder folder(keys + "\"bfloat16\"");
  EXPECT_EQ(folder.load().layer(0).router_dtype, MOELORA_BF16);
  routersOf({0, 2}).write(folder.path + "/model.safetensors");
  for (const char *file : {"", "/config.json"}) {
    Model model = folder.load(file);
    EXPECT_EQ(model.layer(0).router_dtype, MOELORA_F32);
    EXPECT_EQ(model.layer(0).dtype, MOELORA_BF16);
    // Layer 1 has none, which is reported where it is read.
    EXPECT_EQ(model.layer(1).router_dtype, MOELORA_BF16);
    EXPECT_EQ(model.layer(2).router_dtype, MOELORA_F32);
    EXPECT_EQ(model.distinctLayers(), (std::vector<int>{0, 1}));
  }
}

TEST(RouterTypes, the_operand_has_the_type) {
  Folder folder(keys + "\"float16\"");
  Tensors tensors = routersOf({0, 1, 2});
  tensors.write(folder.path + "/model.safetensors");
  Model model = folder.load();
  EXPECT_EQ(routerOperand(model, 1).dtype, MOELORA_F32);
  auto file = tensors.open();
  Result<BoundOperand> router = bindRouter(model, 1, file.get());
  ASSERT_TRUE(router) << router.message();
  EXPECT_EQ(router->storedType(), MOELORA_F32);
}

TEST(RouterTypes, weights_that_cannot_be_opened_are_left_to_their_reader) {
  Folder folder(keys + "\"bfloat16\"");
  std::ofstream(folder.path + "/model.safetensors") << "no tensors";
  EXPECT_EQ(folder.load().layer(0).router_dtype, MOELORA_BF16);
}

TEST(RouterTypes, families_with_f32_routers_need_no_weights) {
  Folder folder(R"("model_type": "glm4_moe", "num_hidden_layers": 2,
      "hidden_size": 6, "moe_intermediate_size": 4, "n_routed_experts": 3,
      "num_experts_per_tok": 2)");
  EXPECT_EQ(folder.load().layer(1).router_dtype, MOELORA_F32);
}

} // namespace
