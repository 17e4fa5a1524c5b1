// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors that families keep in places of their own.

#include "TestLayer.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

const std::string denseWidth = R"(, "intermediate_size": 4)";

TEST(Places, separate_stacks_and_a_shared_expert_beside_the_block) {
  Tensors file;
  std::string layer = "model.layers.0.";
  file.add(layer + "moe.gate.weight", {3, 6});
  file.add(layer + "moe.router_bias", {3});
  file.add(layer + "moe.gate_proj.weight", {3, 4, 6});
  file.add(layer + "moe.up_proj.weight", {3, 4, 6});
  file.add(layer + "moe.down_proj.weight", {3, 6, 4});
  addMlp(file, layer + "share_expert", 5);
  Read read(keys("step3p5", width + R"(, "share_expert_dim": 5,
                                       "moe_layers_enum": "0")"),
            file);
  ASSERT_EQ(read.error, "");
  read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(layer +
                       (i[1] ? "moe.up_proj.weight" : "moe.gate_proj.weight"),
                   {i[0], i[2], i[3]});
  });
  read.expectIs(MOELORA_DOWN_WEIGHT, file, layer + "moe.down_proj.weight");
  read.expectIs(MOELORA_SELECTION_BIAS, file, layer + "moe.router_bias");
  read.expectIs(MOELORA_SHARED_DOWN_WEIGHT, file,
                layer + "share_expert.down_proj.weight");
}

TEST(Places, modules_of_one_parameter) {
  Tensors file;
  std::string layer = "model.layers.0.", moe = layer + "block_sparse_moe.";
  file.add(moe + "router.layer.weight", {3, 6});
  file.add(moe + "input_linear.weight", {3, 8, 6});
  file.add(moe + "output_linear.weight", {3, 6, 4});
  file.add(layer + "shared_mlp.input_linear.weight", {10, 6});
  file.add(layer + "shared_mlp.output_linear.weight", {6, 5});
  Read read(keys("granitemoeshared",
                 denseWidth + R"(, "shared_intermediate_size": 5)"),
            file);
  ASSERT_EQ(read.error, "");
  read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(moe + "input_linear.weight", {i[0], 4 * i[1] + i[2], i[3]});
  });
  read.expect(MOELORA_SHARED_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(layer + "shared_mlp.input_linear.weight",
                   {5 * i[1] + i[2], i[3]});
  });
  read.expectIs(MOELORA_SHARED_DOWN_WEIGHT, file,
                layer + "shared_mlp.output_linear.weight");
}

/// If the router is found, the message names the place where the experts are
/// missing.
TEST(Places, below_the_language_model_of_a_larger_one) {
  for (const char *prefix :
       {"model.language_model.", "language_model.model.", "model.llm.",
        "llm.model.", "thinker.model.", "talker.model."}) {
    Tensors file;
    std::string mlp = std::string(prefix) + "layers.0.mlp.";
    file.add(mlp + "gate.weight", {3, 6});
    Read read(keys("qwen3_moe", width), file);
    EXPECT_THAT(read.error, testing::HasSubstr("experts.0.gate_proj.weight"))
        << prefix;
  }
}

TEST(Places, without_gates_in_a_narrower_space) {
  for (const char *prefix : {"backbone.", "model."}) {
    Tensors file;
    std::string mixer = std::string(prefix) + "layers.0.mixer.";
    file.add(mixer + "gate.weight", {3, 6});
    file.add(mixer + "gate.e_score_correction_bias", {3});
    for (int e = 0; e < 3; ++e) {
      std::string one = mixer + "experts." + std::to_string(e) + ".";
      file.add(one + "up_proj.weight", {4, 2});
      file.add(one + "down_proj.weight", {2, 4});
    }
    for (const char *end : {"weight", "bias"}) {
      bool w = std::string(end) == "weight";
      auto add = [&](const std::string &module, int64_t rows, int64_t columns) {
        file.add(mixer + module + "." + end,
                 w ? Shape{rows, columns} : Shape{rows});
      };
      add("fc1_latent_proj", 2, 6);
      add("fc2_latent_proj", 6, 2);
      add("shared_experts.up_proj", 5, 6);
      add("shared_experts.down_proj", 6, 5);
    }
    Read read(keys("nemotron_h", width + R"(, "moe_latent_size": 2,
        "hybrid_override_pattern": "E", "mlp_bias": true,
        "moe_shared_expert_intermediate_size": 5)"),
              file);
    ASSERT_EQ(read.error, "");
    EXPECT_THAT(read.shape(MOELORA_GATE_UP_WEIGHT), ElementsAre(3, 1, 4, 2));
    read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
      return file.at(mixer + "experts." + std::to_string(i[0]) +
                         ".up_proj.weight",
                     {i[2], i[3]});
    });
    EXPECT_THAT(read.shape(MOELORA_LATENT_IN_WEIGHT), ElementsAre(1, 2, 6));
    read.expectIs(MOELORA_LATENT_IN_WEIGHT, file,
                  mixer + "fc1_latent_proj.weight");
    read.expectIs(MOELORA_LATENT_IN_BIAS, file, mixer + "fc1_latent_proj.bias");
    read.expectIs(MOELORA_LATENT_OUT_BIAS, file,
                  mixer + "fc2_latent_proj.bias");
    read.expectIs(MOELORA_SHARED_GATE_UP_BIAS, file,
                  mixer + "shared_experts.up_proj.bias");
    read.expectIs(MOELORA_SHARED_DOWN_BIAS, file,
                  mixer + "shared_experts.down_proj.bias");
  }
}

TEST(Places, zero_experts_have_no_weights) {
  for (bool packed : {false, true}) {
    Tensors file;
    std::string mlp = "model.layers.0.mlp.";
    file.add(mlp + "router.classifier.weight", {5, 6});
    file.add(mlp + "router.e_score_correction_bias", {5});
    if (packed) {
      file.add(mlp + "experts.gate_up_proj", {5, 8, 6});
      file.add(mlp + "experts.down_proj", {3, 6, 4});
    } else {
      addExperts(file, mlp + "experts");
    }
    Read read(keys("longcat_flash", width + R"(, "zero_expert_num": 2)"), file);
    ASSERT_EQ(read.error, "");
    EXPECT_THAT(read.shape(MOELORA_ROUTER_WEIGHT), ElementsAre(5, 6));
    EXPECT_THAT(read.shape(MOELORA_DOWN_WEIGHT), ElementsAre(3, 6, 4));
    read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
      std::string one = mlp + "experts." + std::to_string(i[0]);
      return packed
                 ? file.at(mlp + "experts.gate_up_proj",
                           {i[0], 4 * i[1] + i[2], i[3]})
                 : file.at(one + (i[1] ? ".up_proj" : ".gate_proj") + ".weight",
                           {i[2], i[3]});
    });
  }
}

} // namespace
