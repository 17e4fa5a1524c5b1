// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Marks of quantised models in configs, and what looks like one.

#include "TestModels.h"

#include <gmock/gmock.h>

using namespace moelora::models;
using testing::HasSubstr;

namespace {

TEST(Quantized, is_refused_by_name) {
  EXPECT_EQ(refusalOf("quantization_config", R"({"quant_method": "fp8"})"),
            "expects weights in bfloat16, float16 or float32, but "
            "quantization_config states quant_method \"fp8\"");
  EXPECT_THAT(refusalOf("quantization_config", "7"),
              HasSubstr("but quantization_config is 7"));
  EXPECT_THAT(refusalOf("compression_config", R"({"format": "x"})"),
              HasSubstr("compression_config is {\"format\":\"x\"}"));
  // As MLX has it.
  EXPECT_THAT(refusalOf("quantization", R"({"bits": 4, "group_size": 64})"),
              HasSubstr("but quantization is {\"bits\":4,\"group_size\":64}"));
}

TEST(Quantized, is_not_if_nothing_is_said) {
  for (const char *none : {"null", "{}", "false"})
    for (const char *key : {"quantization_config", "quantization"})
      EXPECT_EQ(refusalOf(key, none), "") << key << none;
}

TEST(Quantized, types_of_experts) {
  for (const char *type : {"bfloat16", "float16", "float32"})
    EXPECT_EQ(refusalOf("expert_dtype", "\"" + std::string(type) + "\""), "");
  EXPECT_EQ(refusalOf("expert_dtype", "\"fp4\""),
            "expects weights in bfloat16, float16 or float32, but "
            "expert_dtype is \"fp4\"");
}

} // namespace
