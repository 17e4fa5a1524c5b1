// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tensors for the choice of experts: tables, biases, and shared experts
// that are always chosen; and tensors that cannot be read.

#include "TestRead.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// E = 3, k = 2, I = 4, H = 6, 5 tokens.
std::string keys(const std::string &modelType, const std::string &more) {
  return "\"model_type\": \"" + modelType +
         R"(", "num_hidden_layers": 1, "hidden_size": 6, "num_experts": 3,
         "num_experts_per_tok": 2, "moe_intermediate_size": 4,
         "vocab_size": 5, "dtype": "float32")" +
         more;
}

Tensors withExperts(const std::string &mlp) {
  Tensors file;
  file.add(mlp + "experts.gate_up_proj", {3, 8, 6});
  file.add(mlp + "experts.down_proj", {3, 6, 4});
  file.add(mlp + "gate.weight", {3, 6});
  for (const char *slice : {"gate_proj", "up_proj"})
    file.add(mlp + "shared_experts." + slice + ".weight", {4, 6});
  file.add(mlp + "shared_experts.down_proj.weight", {6, 4});
  return file;
}

template <typename T> std::string readTable(std::vector<T> ids) {
  Tensors file = withExperts("layers.0.ffn.");
  file.addIds("layers.0.ffn.gate.tid2eid", {5, 2}, ids);
  Result<Model> model =
      parseModel("{" + keys("deepseek_v4", "") + "}", "config.json");
  auto checkpoint = file.open();
  auto bound = bindWeights(*model, 0, checkpoint.get());
  if (!bound)
    return bound.message();
  for (const BoundOperand &operand : *bound) {
    if (operand.operand().role != MOELORA_TOKEN_TABLE)
      continue;
    EXPECT_THAT(operand.operand().shape, ElementsAre(5, 2));
    EXPECT_EQ(operand.operand().ids, 3);
    std::vector<int32_t> table(10, -1);
    std::string error = operand.read(table.data(), operand.storedType());
    if (error.empty())
      EXPECT_EQ(table, std::vector<int32_t>(ids.begin(), ids.end()));
    return error;
  }
  return "there is no table";
}

TEST(ChoiceTensors, tables_of_either_integer) {
  EXPECT_EQ(readTable<int64_t>({0, 1, 2, 0, 1, 1, 2, 2, 0, 2}), "");
  EXPECT_EQ(readTable<int32_t>({0, 1, 2, 0, 1, 1, 2, 2, 0, 2}), "");
}

TEST(ChoiceTensors, ids_beyond_the_experts) {
  const std::string text = "expects expert ids below 3 in "
                           "layers.0.ffn.gate.tid2eid, but element ";
  EXPECT_EQ(readTable<int64_t>({0, 1, 2, 0, 1, 1, 3, 2, 0, 2}),
            text + "6 is 3");
  EXPECT_EQ(readTable<int32_t>({0, 1, -1, 0, 1, 1, 2, 2, 0, 2}),
            text + "2 is -1");
  EXPECT_EQ(readTable<int64_t>({0, 1, 2, 0, 1, 1, 2, 2, 0, int64_t(1) << 32}),
            text + "9 is 4294967296");
}

TEST(ChoiceTensors, a_table_of_floats) {
  Tensors file = withExperts("layers.0.ffn.");
  file.add("layers.0.ffn.gate.tid2eid", {5, 2});
  EXPECT_EQ(Read(keys("deepseek_v4", ""), file).error,
            "expects tensor layers.0.ffn.gate.tid2eid to have type I64 or "
            "I32, but it has F32");
}

TEST(ChoiceTensors, a_bias_with_one_more_dimension) {
  for (bool nested : {false, true}) {
    std::string mlp = "model.layers.0.mlp.";
    std::string name =
        mlp + (nested ? "gate." : "") + "moe_statics.e_score_correction_bias";
    Tensors file = withExperts(mlp);
    file.add(name, nested ? Shape{3} : Shape{1, 3});
    Read read(keys("ernie4_5_moe", R"(, "moe_num_shared_experts": 1,
                                       "moe_layer_start_index": 0)"),
              file);
    ASSERT_EQ(read.error, "");
    EXPECT_THAT(read.shape(MOELORA_SELECTION_BIAS), ElementsAre(3));
    read.expect(MOELORA_SELECTION_BIAS, [&](Shape i) {
      return file.at(name, nested ? i : Shape{0, i[0]});
    });
  }
}

/// Two shared experts follow the three others.
void addAlways(Tensors &file, const std::string &mlp, bool published) {
  std::string experts = mlp + "experts.", shared = mlp + "shared_experts.";
  file.add(mlp + "gate.weight", {5, 6});
  file.add(mlp + "gate.global_scale", {1});
  file.add(experts + (published ? "w13_weight" : "gate_up_proj"), {3, 8, 6});
  file.add(experts + (published ? "w2_weight" : "down_proj"), {3, 6, 4});
  file.add(shared + (published ? "shared_w2_weight" : "down_proj"), {2, 6, 4});
  if (published)
    file.add(shared + "shared_w13_weight", {2, 8, 6});
  for (const char *slice : {"gate_proj", "up_proj"})
    if (!published)
      file.add(shared + slice, {2, 4, 6});
  file.add(mlp + (published ? "gate.bias" : "gate.e_score_correction_bias"),
           {3});
}

TEST(ChoiceTensors, experts_that_are_always_chosen) {
  for (bool published : {true, false}) {
    std::string mlp = published ? "model.llm.layers.0.mlp."
                                : "model.language_model.layers.0.mlp.";
    std::string experts = mlp + "experts.", shared = mlp + "shared_experts.";
    Tensors file;
    addAlways(file, mlp, published);
    Read read(keys("inkling_text", ""), file);
    ASSERT_EQ(read.error, "");
    EXPECT_THAT(read.shape(MOELORA_ROUTER_WEIGHT), ElementsAre(5, 6));
    EXPECT_THAT(read.shape(MOELORA_SELECTION_BIAS), ElementsAre(3));
    EXPECT_THAT(read.shape(MOELORA_GATE_UP_WEIGHT), ElementsAre(5, 2, 4, 6));
    read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
      int64_t e = i[0] % 3, inTurn = 2 * i[2] + i[1], after = 4 * i[1] + i[2];
      if (i[0] < 3)
        return published ? file.at(experts + "w13_weight", {e, inTurn, i[3]})
                         : file.at(experts + "gate_up_proj", {e, after, i[3]});
      return published
                 ? file.at(shared + "shared_w13_weight", {e, inTurn, i[3]})
                 : file.at(shared + (i[1] ? "up_proj" : "gate_proj"),
                           {e, i[2], i[3]});
    });
    read.expect(MOELORA_DOWN_WEIGHT, [&](Shape i) {
      std::string name =
          i[0] < 3 ? experts + (published ? "w2_weight" : "down_proj")
                   : shared + (published ? "shared_w2_weight" : "down_proj");
      return file.at(name, {i[0] % 3, i[1], i[2]});
    });
    EXPECT_THAT(read.shape(MOELORA_EXPERT_SCALE), ElementsAre(5));
    read.expect(MOELORA_EXPERT_SCALE,
                [&](Shape) { return file.at(mlp + "gate.global_scale", {0}); });
  }
}

TEST(ChoiceTensors, quantised_experts_are_refused_by_name) {
  const std::pair<const char *, const char *> marks[] = {
      {"experts.gate_up_proj_blocks", "mxfp4"},
      {"experts.gate_up_proj_scales", "mxfp4"},
      {"experts.0.gate_proj.weight_packed", "compressed-tensors"},
      {"experts.0.gate_proj.weight_scale_inv", "fp8"},
      {"experts.0.gate_proj.weight_scale_2", "modelopt"},
      {"experts.0.gate_proj.weight.absmax", "bitsandbytes"},
      {"experts.0.gate_proj.qweight", "gptq or awq"},
  };
  std::string mlp = "model.layers.0.mlp.";
  for (auto [tensor, method] : marks) {
    Tensors file;
    file.add(mlp + "gate.weight", {3, 6});
    file.add(mlp + tensor, {3, 2});
    EXPECT_EQ(Read(keys("qwen3_moe", ""), file).error,
              "expects weights in bfloat16, float16 or float32, but " + mlp +
                  tensor + " tells of " + method);
  }
}

TEST(ChoiceTensors, integers_with_a_scale_are_refused_by_name) {
  std::string mlp = "model.layers.0.mlp.";
  Tensors file;
  file.addIds<int32_t>(mlp + "gate.weight", {3, 6},
                       std::vector<int32_t>(18, 1));
  EXPECT_THAT(Read(keys("qwen3_moe", ""), file).error,
              HasSubstr("to have type F32, F16, BF16 or F64, but it has I32"));
  file.add(mlp + "gate.weight_scale", {3});
  EXPECT_THAT(Read(keys("qwen3_moe", ""), file).error,
              HasSubstr("gate.weight_scale tells of compressed-tensors or "));
}

} // namespace
