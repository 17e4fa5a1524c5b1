// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes that are built, and not parsed.

#include "mlir/AsmParser/AsmParser.h"
#include "moelora/dialect/Dialect.h"
#include "gmock/gmock.h"

using namespace moelora;
using llvm::APFloat;

namespace {

class AttributesTest : public testing::Test {
protected:
  AttributesTest() { context.loadDialect<MoELoRADialect>(); }

  std::string print(mlir::Attribute attribute) {
    std::string text;
    llvm::raw_string_ostream(text) << attribute;
    return text;
  }

  ActivationAttr clamped(APFloat limit, APFloat alpha, APFloat one,
                         APFloat zero) {
    return ActivationAttr::get(&context, Function::Silu, true, Clamp::Pre,
                               limit, limit, alpha, one, zero, zero);
  }

  RouterAttr scaled(APFloat scale, APFloat one, APFloat zero) {
    return RouterAttr::get(&context, 2, Score::Softmax, BiasOn::None, 1, 1,
                           GroupScore::Max, 0, Post::None, Renormalize::None,
                           zero, one, scale, one, zero, 0, nullptr, nullptr,
                           nullptr);
  }

  mlir::MLIRContext context;
};

APFloat half(const char *text) { return APFloat(APFloat::IEEEhalf(), text); }

TEST_F(AttributesTest, ActivationOfSinglesIsItsOwnText) {
  ActivationAttr built =
      clamped(APFloat(7.0f), APFloat(1.702f), APFloat(1.0f), APFloat(0.0f));
  EXPECT_EQ(mlir::parseAttribute(print(built), &context), built);
  EXPECT_EQ(built, clamped(APFloat(7.0), APFloat(double(1.702f)), APFloat(1.0),
                           APFloat(0.0)));
  EXPECT_THAT(print(built), testing::Not(testing::HasSubstr("cap")));
}

TEST_F(AttributesTest, ActivationOfHalvesIsItsOwnText) {
  ActivationAttr built = clamped(half("7"), half("1.5"), half("1"), half("0"));
  EXPECT_EQ(mlir::parseAttribute(print(built), &context), built);
}

TEST_F(AttributesTest, RouterOfSinglesIsItsOwnText) {
  RouterAttr built = scaled(APFloat(2.5f), APFloat(1.0f), APFloat(0.0f));
  EXPECT_EQ(mlir::parseAttribute(print(built), &context), built);
  EXPECT_EQ(built, scaled(APFloat(2.5), APFloat(1.0), APFloat(0.0)));
  EXPECT_EQ(print(built), "#moelora.router<top_k = 2, score = softmax, "
                          "scale = 2.500000e+00>");
}

} // namespace
