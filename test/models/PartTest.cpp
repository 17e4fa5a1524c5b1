// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weights of one peer rank: the same elements as in the whole layer, in
// every form in which checkpoints store them, and the bytes that are read.

#include "TestTensors.h"

#include "moelora/models/RandomWeights.h"
#include "moelora/runtime/Execute.h"

#include <functional>
#include <gmock/gmock.h>
#include <map>

using namespace moelora::models;

namespace {

using Values = std::map<int, std::vector<float>>; // by role

std::vector<float> readOperand(const BoundOperand &bound) {
  // Everything that is not written is seen.
  std::vector<float> values(size_t(bound.operand().elements()), -1);
  EXPECT_EQ(bound.read(values.data(), MOELORA_F32), "");
  return values;
}

/// E = 3, I = 4, H = 6, shared 2.
struct Form {
  const char *name;
  std::string keys;
  std::function<void(Tensors &)> add;
};

std::string keysOf(const std::string &modelType, const std::string &more = "") {
  return "{\"model_type\": \"" + modelType +
         R"(", "num_hidden_layers": 1, "hidden_size": 6,
         "intermediate_size": 4, "moe_intermediate_size": 4,
         "num_experts": 3, "num_experts_per_tok": 2, "dtype": "float32")" +
         more + "}";
}

void addPerExpert(Tensors &file) {
  std::string mlp = "model.layers.0.mlp.";
  file.add(mlp + "gate.weight", {3, 6});
  for (std::string e : {"0", "1", "2"}) {
    file.add(mlp + "experts." + e + ".gate_proj.weight", {4, 6});
    file.add(mlp + "experts." + e + ".up_proj.weight", {4, 6});
    file.add(mlp + "experts." + e + ".down_proj.weight", {6, 4});
  }
  file.add(mlp + "shared_expert.gate_proj.weight", {2, 6});
  file.add(mlp + "shared_expert.up_proj.weight", {2, 6});
  file.add(mlp + "shared_expert.down_proj.weight", {6, 2});
  file.add(mlp + "shared_expert_gate.weight", {1, 6});
}

void addInTurn(Tensors &file) {
  std::string mlp = "model.layers.0.mlp.";
  file.add(mlp + "router.weight", {3, 6});
  file.add(mlp + "router.bias", {3});
  file.add(mlp + "experts.gate_up_proj", {3, 6, 8});
  file.add(mlp + "experts.gate_up_proj_bias", {3, 8});
  file.add(mlp + "experts.down_proj", {3, 4, 6});
  file.add(mlp + "experts.down_proj_bias", {3, 6});
}

void addFlat(Tensors &file) {
  std::string ffn = "transformer.blocks.0.ffn.";
  file.add(ffn + "router.layer.weight", {3, 6});
  for (const char *name : {"w1", "v1", "w2"})
    file.add(ffn + "experts.mlp." + name, {12, 6});
}

void addRows(Tensors &file) {
  std::string mlp = "model.language_model.layers.0.mlp.";
  file.add(mlp + "gate.weight", {3, 6});
  file.add(mlp + "experts.gate_up_proj", {3, 8, 6});
  file.add(mlp + "experts.down_proj", {3, 6, 4});
}

const Form forms[] = {
    {"per_expert",
     keysOf("qwen2_moe", ", \"shared_expert_intermediate_size\": 2"),
     addPerExpert},
    {"in_turn", keysOf("gpt_oss"), addInTurn},
    {"flat", keysOf("dbrx", R"(, "ffn_config": {"ffn_hidden_size": 4,
            "moe_num_experts": 3, "moe_top_k": 2})"),
     addFlat},
    {"rows", keysOf("qwen3_vl_moe"), addRows},
};

struct Stored : testing::TestWithParam<Form> {
  Stored() : model(*parseModel(GetParam().keys, "config.json")) {
    GetParam().add(tensors);
    file = tensors.open();
  }

  Values read(const Part &part) {
    uint64_t before = moelora_checkpoint_bytes_read(file.get());
    auto bound = bindWeights(model, 0, file.get(), part);
    EXPECT_TRUE(bound) << bound.message();
    Values values;
    for (const BoundOperand &operand : *bound)
      values[operand.operand().role] = readOperand(operand);
    bytes = moelora_checkpoint_bytes_read(file.get()) - before;
    return values;
  }

  /// Every element of a part is that of the whole, by the definition of Part.
  void expectPart(const Part &part, const Values &whole, const Values &found) {
    for (const Operand &operand : weightOperands(model, 0)) {
      Shape shape = cut(operand, part).shape;
      Shape index(shape.size(), 0);
      for (float value : found.at(operand.role)) {
        ASSERT_EQ(value, element(operand, part, whole.at(operand.role), index))
            << "role " << operand.role;
        for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
          index[d] = 0;
      }
    }
  }

  static float element(const Operand &operand, const Part &part,
                       const std::vector<float> &whole, Shape index) {
    auto isIn = [&](std::initializer_list<int> roles) {
      return std::count(roles.begin(), roles.end(), operand.role) > 0;
    };
    if (isIn({MOELORA_GATE_UP_WEIGHT, MOELORA_GATE_UP_BIAS, MOELORA_DOWN_WEIGHT,
              MOELORA_DOWN_BIAS}) &&
        part.experts) {
      index[0] = (*part.experts)[size_t(index[0])];
      if (index[0] < 0)
        return 0;
    }
    if (isIn({MOELORA_GATE_UP_WEIGHT, MOELORA_GATE_UP_BIAS, MOELORA_DOWN_WEIGHT,
              MOELORA_SHARED_GATE_UP_WEIGHT, MOELORA_SHARED_DOWN_WEIGHT}))
      index[2] += part.tp * operand.shape[2] / part.tpSize;
    int64_t at = 0;
    for (size_t d = 0; d < index.size(); ++d)
      at = at * operand.shape[d] + index[d];
    return whole[size_t(at)];
  }

  Model model;
  Tensors tensors;
  std::shared_ptr<moelora_checkpoint> file;
  uint64_t bytes = 0; // of the last read
};

TEST_P(Stored, parts_have_the_elements_of_the_whole) {
  Values whole = read({});
  const std::vector<std::optional<std::vector<int32_t>>> lists = {
      {}, {{0, 1}}, {{2, -1}}, {{2, 0}}, {{-1, -1}}, {{1, 2, 0}}};
  for (const auto &experts : lists)
    for (int64_t tpSize : {1, 2})
      for (int64_t tp = 0; tp < tpSize; ++tp) {
        Part part = {tp, tpSize, experts};
        expectPart(part, whole, read(part));
      }
}

TEST_P(Stored, random_parts_are_of_the_whole) {
  moelora_services services;
  moelora_services_init(nullptr, &services);
  auto fill = [&](const Part &part) {
    Values values;
    for (const Operand &operand : weightOperands(model, 0)) {
      auto &to = values[operand.role];
      to.resize(size_t(cut(operand, part).elements()), -1);
      fillRandomPart(operand, part, to.data(), MOELORA_F32, 7, services);
    }
    return values;
  };
  Part part = {1, 2, {{2, 0, -1}}};
  expectPart(part, fill({}), fill(part));
}

/// Other experts are not read at all.
TEST_P(Stored, experts_are_read_once) {
  read({});
  uint64_t all = bytes, sum = 0;
  read({0, 1, {{-1}}});
  uint64_t without = bytes;
  for (int32_t e = 0; e < 3; ++e) {
    read({0, 1, {{e}}});
    sum += bytes - without;
  }
  EXPECT_EQ(sum + without, all);
  EXPECT_GT(sum, without);
}

std::string nameOf(const testing::TestParamInfo<Form> &info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Part, Stored, testing::ValuesIn(forms), nameOf);

/// Rows of gate and up are cut in the file, columns of down are read whole.
TEST(Part, rows_are_read_exactly_and_columns_whole) {
  Model model = *parseModel(forms[0].keys, "config.json");
  Tensors tensors;
  addPerExpert(tensors);
  auto file = tensors.open();
  uint64_t before = 0;
  auto bound = bindWeights(model, 0, file.get(), {1, 2, {}});
  for (const BoundOperand &operand : *bound) {
    readOperand(operand);
    uint64_t bytes = moelora_checkpoint_bytes_read(file.get()) - before;
    before += bytes;
    uint64_t owned = 4 * uint64_t(operand.operand().elements());
    bool isDown = operand.operand().role == MOELORA_DOWN_WEIGHT ||
                  operand.operand().role == MOELORA_SHARED_DOWN_WEIGHT;
    EXPECT_EQ(bytes, isDown ? 2 * owned : owned)
        << "role " << operand.operand().role;
  }
}

/// Five experts in two copies on three ranks, of which one has two only.
TEST(Part, experts_are_where_the_map_places_them) {
  moelora_operand rows[2] = {};
  rows[0].role = MOELORA_DOWN_WEIGHT;
  rows[0].shape[0] = 3;
  rows[1].role = MOELORA_EXPERT_MAP;
  rows[1].shape[0] = 2;
  rows[1].shape[1] = 5;
  const int32_t map[] = {0, 3, 6, 1, 4, 0, 5, 7, 2, -1};
  moelora_variant variant = {};
  variant.size = sizeof variant;
  variant.grid[0] = 1;
  variant.grid[1] = 3;
  variant.grid[2] = 2;
  variant.operand = rows;
  variant.operands = 2;
  variant.expert_map = map;
  const std::vector<int32_t> owned[] = {{0, 3, 3}, {1, 4, 1}, {2, 2, -1}};
  for (int32_t ep = 0; ep < 3; ++ep) {
    const int32_t at[] = {0, ep, 1};
    Part part = partOf(variant, at);
    EXPECT_EQ(part.experts, owned[ep]);
    EXPECT_EQ(part.tp, 1);
    EXPECT_EQ(part.tpSize, 2);
  }
}

} // namespace
