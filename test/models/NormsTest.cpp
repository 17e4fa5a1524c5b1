// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Norms of a layer, and blocks that are the layer itself.

#include "TestLayer.h"

using namespace moelora::models;

namespace {

TEST(Norms, experts_in_the_layer_itself) {
  Tensors file;
  std::string layer = "model.language_model.layers.0.";
  file.add(layer + "router.proj.weight", {3, 6});
  file.add(layer + "router.scale", {6});
  file.add(layer + "router.per_expert_scale", {3});
  file.add(layer + "experts.gate_up_proj", {3, 8, 6});
  file.add(layer + "experts.down_proj", {3, 6, 4});
  Read read(keys("gemma4_text", width + R"(, "top_k_experts": 2,
                                           "enable_moe_block": true)"),
            file);
  ASSERT_EQ(read.error, "");
  read.expectIs(MOELORA_ROUTER_WEIGHT, file, layer + "router.proj.weight");
  read.expectIs(MOELORA_ROUTER_NORM_WEIGHT, file, layer + "router.scale");
  read.expectIs(MOELORA_EXPERT_SCALE, file, layer + "router.per_expert_scale");
}

TEST(Norms, output_norm_in_the_layer_or_in_the_block) {
  for (const char *norm : {"post_mlp_layernorm", "mlp.post_mlp_layernorm"}) {
    Tensors file;
    std::string layer = "model.layers.0.", mlp = layer + "mlp.";
    file.add(mlp + "gate.weight", {3, 6});
    file.add(mlp + "gate.e_score_correction_bias", {3});
    addExperts(file, mlp + "experts");
    addMlp(file, mlp + "shared_experts", 4);
    file.add(layer + norm + ".weight", {6});
    Read read(keys("axk1", width + R"(, "first_k_dense_replace": 0,
                                      "n_group": 1, "topk_group": 1)"),
              file);
    ASSERT_EQ(read.error, "");
    read.expectIs(MOELORA_OUTPUT_NORM_WEIGHT, file, layer + norm + ".weight");
  }
}

} // namespace
