// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Experts packed into one tensor, in every order of storage.

#include "TestRead.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::HasSubstr;

namespace {

/// E = 3, k = 2, I = 4, H = 6.
std::string keys(const std::string &modelType, const std::string &more = "") {
  return "\"model_type\": \"" + modelType +
         R"(", "num_hidden_layers": 1, "hidden_size": 6,
         "intermediate_size": 4, "num_experts": 3, "num_experts_per_tok": 2,
         "dtype": "float32")" +
         more;
}

TEST(Packed, transposed_with_gate_and_up_in_turn) {
  std::string mlp = "model.layers.0.mlp.";
  Tensors file;
  file.add(mlp + "router.weight", {3, 6});
  file.add(mlp + "router.bias", {3});
  file.add(mlp + "experts.gate_up_proj", {3, 6, 8});
  file.add(mlp + "experts.gate_up_proj_bias", {3, 8});
  file.add(mlp + "experts.down_proj", {3, 4, 6});
  file.add(mlp + "experts.down_proj_bias", {3, 6});
  Read read(keys("gpt_oss"), file);
  ASSERT_EQ(read.error, "");
  read.expect(MOELORA_ROUTER_WEIGHT,
              [&](Shape i) { return file.at(mlp + "router.weight", i); });
  read.expect(MOELORA_ROUTER_BIAS,
              [&](Shape i) { return file.at(mlp + "router.bias", i); });
  read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(mlp + "experts.gate_up_proj", {i[0], i[3], 2 * i[2] + i[1]});
  });
  read.expect(MOELORA_GATE_UP_BIAS, [&](Shape i) {
    return file.at(mlp + "experts.gate_up_proj_bias", {i[0], 2 * i[2] + i[1]});
  });
  read.expect(MOELORA_DOWN_WEIGHT, [&](Shape i) {
    return file.at(mlp + "experts.down_proj", {i[0], i[2], i[1]});
  });
  read.expect(MOELORA_DOWN_BIAS, [&](Shape i) {
    return file.at(mlp + "experts.down_proj_bias", i);
  });
}

TEST(Packed, biases_one_after_the_other) {
  std::string mlp = "model.layers.0.mlp.";
  Tensors file;
  file.add(mlp + "router.weight", {3, 6});
  file.add(mlp + "router.bias", {3});
  file.add(mlp + "experts.gate_up_proj", {3, 6, 8});
  file.add(mlp + "experts.gate_up_proj_bias", {3, 8});
  file.add(mlp + "experts.down_proj", {3, 4, 6});
  file.add(mlp + "experts.down_proj_bias", {3, 6});
  Read read(keys("openai_privacy_filter"), file);
  ASSERT_EQ(read.error, "");
  read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(mlp + "experts.gate_up_proj", {i[0], i[3], 4 * i[1] + i[2]});
  });
  read.expect(MOELORA_GATE_UP_BIAS, [&](Shape i) {
    return file.at(mlp + "experts.gate_up_proj_bias", {i[0], 4 * i[1] + i[2]});
  });
}

TEST(Packed, flat_rows_of_all_experts) {
  std::string ffn = "transformer.blocks.0.ffn.";
  Tensors file;
  file.add(ffn + "router.layer.weight", {3, 6});
  file.add(ffn + "experts.mlp.w1", {12, 6});
  file.add(ffn + "experts.mlp.v1", {12, 6});
  file.add(ffn + "experts.mlp.w2", {12, 6});
  Read read(keys("dbrx", R"(, "ffn_config": {"ffn_hidden_size": 4,
                  "moe_num_experts": 3, "moe_top_k": 2})"),
            file);
  ASSERT_EQ(read.error, "");
  read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(ffn + (i[1] ? "experts.mlp.v1" : "experts.mlp.w1"),
                   {4 * i[0] + i[2], i[3]});
  });
  read.expect(MOELORA_DOWN_WEIGHT, [&](Shape i) {
    return file.at(ffn + "experts.mlp.w2", {4 * i[0] + i[2], i[1]});
  });
}

/// The same name, stored either way.
Tensors visionLanguage(bool transposed, int64_t hidden) {
  std::string mlp = "model.language_model.layers.0.mlp.";
  Tensors file;
  file.add(mlp + "gate.weight", {3, hidden});
  file.add(mlp + "experts.gate_up_proj",
           transposed ? Shape{3, hidden, 8} : Shape{3, 8, hidden});
  file.add(mlp + "experts.down_proj",
           transposed ? Shape{3, 4, hidden} : Shape{3, hidden, 4});
  return file;
}

TEST(Packed, the_shape_tells_rows_from_columns) {
  std::string name = "model.language_model.layers.0.mlp.experts.";
  for (bool transposed : {false, true}) {
    Tensors file = visionLanguage(transposed, 6);
    Read read(keys("qwen3_vl_moe", ", \"moe_intermediate_size\": 4"), file);
    ASSERT_EQ(read.error, "");
    read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
      int64_t row = 4 * i[1] + i[2];
      return file.at(name + "gate_up_proj", transposed
                                                ? Shape{i[0], i[3], row}
                                                : Shape{i[0], row, i[3]});
    });
    read.expect(MOELORA_DOWN_WEIGHT, [&](Shape i) {
      return file.at(name + "down_proj",
                     transposed ? Shape{i[0], i[2], i[1]} : i);
    });
  }
}

TEST(Packed, a_shape_that_does_not_tell_is_refused) {
  std::string square =
      R"("model_type": "qwen3_vl_moe", "num_hidden_layers": 1,
         "hidden_size": 8, "moe_intermediate_size": 4, "num_experts": 3,
         "num_experts_per_tok": 2)";
  EXPECT_THAT(Read(square, visionLanguage(true, 8)).error,
              HasSubstr("experts.gate_up_proj to tell rows from columns, but "
                        "[3, 8, 8] may be stored either way"));
}

/// Tensors of more than one block, with sizes that are not multiples of a
/// block.
constexpr int64_t hidden = 411, width = 613;

std::string largeKeys(const std::string &modelType) {
  return "\"model_type\": \"" + modelType +
         "\", \"num_hidden_layers\": 1, \"num_experts\": 2, "
         "\"num_experts_per_tok\": 1, \"dtype\": \"float32\", "
         "\"hidden_size\": " +
         std::to_string(hidden) +
         ", \"moe_intermediate_size\": " + std::to_string(width) +
         ", \"intermediate_size\": " + std::to_string(width);
}

TEST(Packed, large_columns_in_turn) {
  std::string experts = "layers.0.mlp.experts.";
  Tensors file;
  file.add(experts + "gate_up_proj", {2, hidden, 2 * width});
  file.add(experts + "gate_up_proj_bias", {2, 2 * width});
  file.add(experts + "down_proj", {2, width, hidden});
  file.add(experts + "down_proj_bias", {2, hidden});
  file.add("layers.0.mlp.router.weight", {2, hidden});
  file.add("layers.0.mlp.router.bias", {2});
  Read read(largeKeys("gpt_oss"), file);
  ASSERT_EQ(read.error, "");
  read.expect(MOELORA_GATE_UP_WEIGHT, [&](Shape i) {
    return file.at(experts + "gate_up_proj", {i[0], i[3], 2 * i[2] + i[1]});
  });
  read.expect(MOELORA_DOWN_WEIGHT, [&](Shape i) {
    return file.at(experts + "down_proj", {i[0], i[2], i[1]});
  });
}

TEST(Packed, large_rows_in_turn) {
  std::string mlp = "model.llm.layers.0.mlp.";
  Tensors file;
  file.add(mlp + "experts.w13_weight", {2, 2 * width, hidden});
  file.add(mlp + "experts.w2_weight", {2, hidden, width});
  file.add(mlp + "gate.weight", {2, hidden});
  file.add(mlp + "gate.bias", {2});
  Result<Model> model = parseModel("{" + largeKeys("inkling2") + "}", "x");
  ASSERT_TRUE(model) << model.message();
  auto checkpoint = file.open();
  auto bound = bindWeights(*model, 0, checkpoint.get());
  ASSERT_TRUE(bound) << bound.message();
  const BoundOperand &gateUp = (*bound)[2];
  ASSERT_EQ(gateUp.operand().role, MOELORA_GATE_UP_WEIGHT);
  std::vector<double> values(gateUp.operand().elements());
  ASSERT_EQ(gateUp.read(values.data(), MOELORA_F64), "");
  size_t next = 0;
  for (int64_t e = 0; e < 2; ++e)
    for (int64_t slice : {0, 1})
      for (int64_t row = 0; row < width; ++row)
        for (int64_t column = 0; column < hidden; ++column)
          ASSERT_EQ(values[next++], file.at(mlp + "experts.w13_weight",
                                            {e, 2 * row + slice, column}));
}

} // namespace
