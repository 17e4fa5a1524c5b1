// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands assembled from checkpoints, in every spelling.

#include "TestModels.h"
#include "TestTensors.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::ElementsAre;

namespace {

Model load(const std::string &keys, const std::string &changes) {
  Result<Model> model = parseModel(withKeys(keys, changes), "config.json");
  EXPECT_TRUE(model) << model.message();
  return *model;
}

Model mixtral() { return load(mixtralKeys, "\"dtype\": \"float32\""); }

/// E = 3, I = 4, H = 6, as mixtralKeys says.
void addMixtral(Tensors &tensors, const std::string &block, const char *gate,
                const char *up, const char *down) {
  tensors.add(block + ".gate.weight", {3, 6});
  for (int e = 0; e < 3; ++e) {
    std::string expert = block + ".experts." + std::to_string(e) + ".";
    tensors.add(expert + gate + ".weight", {4, 6});
    tensors.add(expert + up + ".weight", {4, 6});
    tensors.add(expert + down + ".weight", {6, 4});
  }
}

std::vector<float> readF32(const BoundOperand &operand) {
  std::vector<float> values(operand.operand().elements());
  EXPECT_EQ(operand.read(values.data(), MOELORA_F32), "");
  return values;
}

std::string bindError(const Tensors &tensors) {
  auto file = tensors.open();
  auto bound = bindWeights(mixtral(), 1, file.get());
  return bound ? "" : bound.message();
}

void expectMixtral(const Tensors &tensors) {
  auto file = tensors.open();
  auto bound = bindWeights(mixtral(), 1, file.get());
  ASSERT_TRUE(bound) << bound.message();
  ASSERT_EQ(bound->size(), 3u);
  EXPECT_EQ((*bound)[0].operand().role, MOELORA_ROUTER_WEIGHT);
  EXPECT_EQ(readF32((*bound)[0]), tensors[0]);
  std::vector<float> gateUp, down;
  for (size_t e = 0; e < 3; ++e) {
    for (size_t slice : {1, 2})
      gateUp.insert(gateUp.end(), tensors[3 * e + slice].begin(),
                    tensors[3 * e + slice].end());
    down.insert(down.end(), tensors[3 * e + 3].begin(),
                tensors[3 * e + 3].end());
  }
  EXPECT_THAT((*bound)[1].operand().shape, ElementsAre(3, 2, 4, 6));
  EXPECT_EQ(readF32((*bound)[1]), gateUp);
  EXPECT_THAT((*bound)[2].operand().shape, ElementsAre(3, 6, 4));
  EXPECT_EQ(readF32((*bound)[2]), down);
}

TEST(Weights, per_expert_spellings_and_prefixes) {
  for (const char *prefix :
       {"model.", "model.language_model.", "language_model.model.", ""})
    for (const char *block : {"block_sparse_moe", "mlp"}) {
      SCOPED_TRACE(std::string(prefix) + block);
      std::string path = std::string(prefix) + "layers.1." + block;
      Tensors short_, long_;
      addMixtral(short_, path, "w1", "w3", "w2");
      expectMixtral(short_);
      addMixtral(long_, path, "gate_proj", "up_proj", "down_proj");
      expectMixtral(long_);
    }
}

TEST(Weights, packed) {
  Tensors tensors;
  tensors.add("model.layers.1.mlp.gate.weight", {3, 6});
  tensors.add("model.layers.1.mlp.experts.gate_up_proj", {3, 8, 6});
  tensors.add("model.layers.1.mlp.experts.down_proj", {3, 6, 4});
  auto file = tensors.open();
  auto bound = bindWeights(mixtral(), 1, file.get());
  ASSERT_TRUE(bound) << bound.message();
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(readF32((*bound)[i]), tensors[i]) << i;
}

TEST(Weights, shared_expert) {
  std::string mlp = "model.layers.0.mlp.";
  Tensors tensors;
  tensors.add(mlp + "shared_expert.gate_proj.weight", {5, 6});
  tensors.add(mlp + "shared_expert.up_proj.weight", {5, 6});
  tensors.add(mlp + "shared_expert.down_proj.weight", {6, 5});
  tensors.add(mlp + "shared_expert_gate.weight", {1, 6});
  tensors.add(mlp + "gate.weight", {3, 6});
  tensors.add(mlp + "experts.gate_up_proj", {3, 8, 6});
  tensors.add(mlp + "experts.down_proj", {3, 6, 4});
  auto file = tensors.open();
  Model model = load(qwen2Keys, "\"dtype\": \"float32\"");
  auto bound = bindWeights(model, 0, file.get());
  ASSERT_TRUE(bound) << bound.message();
  ASSERT_EQ(bound->size(), 6u);
  std::vector<float> gateUp = tensors[0];
  gateUp.insert(gateUp.end(), tensors[1].begin(), tensors[1].end());
  EXPECT_EQ((*bound)[3].operand().role, MOELORA_SHARED_GATE_UP_WEIGHT);
  EXPECT_EQ(readF32((*bound)[3]), gateUp);
  EXPECT_EQ(readF32((*bound)[4]), tensors[2]);
  EXPECT_EQ((*bound)[5].operand().role, MOELORA_SHARED_SCORE_WEIGHT);
  EXPECT_EQ(readF32((*bound)[5]), tensors[3]);
}

TEST(Weights, another_type_is_one_rounding) {
  Tensors tensors;
  addMixtral(tensors, "model.layers.1.mlp", "w1", "w3", "w2");
  auto file = tensors.open();
  auto bound = bindWeights(mixtral(), 1, file.get());
  ASSERT_TRUE(bound);
  EXPECT_EQ((*bound)[0].storedType(), MOELORA_F32);
  std::vector<uint16_t> brain(18);
  EXPECT_EQ((*bound)[0].read(brain.data(), MOELORA_BF16), "");
  EXPECT_EQ(brain[0], 0xc248); // -50
  std::vector<double> wide(18);
  EXPECT_EQ((*bound)[0].read(wide.data(), MOELORA_F64), "");
  EXPECT_EQ(wide[17], -33);
}

TEST(Weights, nothing_there) {
  EXPECT_EQ(bindError(Tensors()),
            "expects a tensor model.layers.1.block_sparse_moe.gate.weight of "
            "shape [3, 6], but there is none");
}

TEST(Weights, one_expert_missing) {
  Tensors tensors;
  std::string mlp = "model.layers.1.mlp.";
  tensors.add(mlp + "gate.weight", {3, 6});
  tensors.add(mlp + "experts.0.w1.weight", {4, 6});
  EXPECT_EQ(bindError(tensors),
            "expects a tensor model.layers.1.mlp.experts.0.w3.weight of shape "
            "[4, 6], but there is none");
}

TEST(Weights, another_shape) {
  Tensors tensors;
  tensors.add("model.layers.1.mlp.gate.weight", {6, 3});
  EXPECT_EQ(bindError(tensors),
            "expects tensor model.layers.1.mlp.gate.weight to have shape "
            "[3, 6], but it has [6, 3]");
}

} // namespace
