// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Activations: functions, offsets, and clamps that treat gate and up unlike.

#include "moelora/reference/Ops.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;

namespace {

const Rounding exact = Rounding::exact();

moelora_activation gated(moelora_function function) {
  moelora_activation activation = {};
  activation.function = function;
  activation.gated = 1;
  activation.alpha = 1;
  return activation;
}

double one(const moelora_activation &activation, double gate, double up) {
  return activate(activation, {gate, up}, exact)[0];
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Activation, silu_times_up) {
  // sigmoid(ln 3) = 3/4
  double ln3 = std::log(3);
  EXPECT_DOUBLE_EQ(one(gated(MOELORA_SILU), ln3, -2), -1.5 * ln3);
  EXPECT_DOUBLE_EQ(one(gated(MOELORA_SILU), -ln3, 4), -ln3);
}

TEST(Activation, gate_is_the_first_half) {
  Vector a = activate(gated(MOELORA_SILU), {0, 100, 3, 0.5}, exact);
  EXPECT_THAT(a, testing::ElementsAre(0, 50)); // silu(0) * 3, silu(100) * 0.5
}

TEST(Activation, gelu_and_its_approximation) {
  // x Phi(x): Phi(1) = 0.841344746...
  EXPECT_NEAR(one(gated(MOELORA_GELU), 1, 2), 1.6826894921, 1e-9);
  EXPECT_NEAR(one(gated(MOELORA_GELU_TANH), 1, 2), 1.6826894921, 4e-4);
  EXPECT_NE(one(gated(MOELORA_GELU_TANH), 1, 2),
            one(gated(MOELORA_GELU), 1, 2));
}

TEST(Activation, plain_square_of_the_positive_part) {
  moelora_activation relu2 = gated(MOELORA_RELU2);
  relu2.gated = 0;
  EXPECT_THAT(activate(relu2, {-3, 0, 1.5}, exact),
              testing::ElementsAre(0, 0, 2.25));
}

TEST(Activation, clamp_before_limits_the_gate_from_above_only) {
  moelora_activation a = gated(MOELORA_SILU);
  a.clamp = MOELORA_CLAMP_PRE;
  a.gate_max = 2;
  a.up_limit = 3;
  EXPECT_DOUBLE_EQ(one(a, 9, 1), 2 * sigmoid(2));
  EXPECT_DOUBLE_EQ(one(a, -9, 1), -9 * sigmoid(-9)); // no lower limit
  EXPECT_DOUBLE_EQ(one(a, 1, 8), 3 * sigmoid(1));
  EXPECT_DOUBLE_EQ(one(a, 1, -8), -3 * sigmoid(1));
}

TEST(Activation, clamp_after_limits_the_function) {
  moelora_activation a = gated(MOELORA_SILU);
  a.clamp = MOELORA_CLAMP_POST;
  a.gate_max = 2;
  a.up_limit = 3;
  EXPECT_DOUBLE_EQ(one(a, 9, -5), -6);
  EXPECT_DOUBLE_EQ(one(a, 1, 1), sigmoid(1)); // below both limits
}

TEST(Activation, alpha_and_offset) {
  moelora_activation a = gated(MOELORA_SILU);
  a.alpha = 1.702f;
  a.up_offset = 1;
  a.clamp = MOELORA_CLAMP_PRE;
  a.gate_max = a.up_limit = 7;
  double alpha = 1.702f;
  EXPECT_DOUBLE_EQ(one(a, 2, -0.25), 0.75 * 2 * sigmoid(alpha * 2));
  EXPECT_DOUBLE_EQ(one(a, 20, -20), -6 * 7 * sigmoid(alpha * 7));
}

TEST(Activation, soft_caps_leave_the_gates_sigmoid_alone) {
  moelora_activation a = gated(MOELORA_SILU);
  a.gate_cap = 4;
  a.up_cap = 25;
  double gate = 4 * std::tanh(9 / 4.0) * sigmoid(9);
  EXPECT_DOUBLE_EQ(one(a, 9, -30), gate * 25 * std::tanh(-30 / 25.0));
}

TEST(Activation, a_soft_cap_comes_after_the_limit_and_before_the_offset) {
  moelora_activation a = gated(MOELORA_SILU);
  a.clamp = MOELORA_CLAMP_PRE;
  a.gate_max = 50;
  a.up_limit = 3;
  a.up_cap = 2;
  a.up_offset = 1;
  EXPECT_DOUBLE_EQ(one(a, 1, 8), sigmoid(1) * (2 * std::tanh(1.5) + 1));
}

TEST(Activation, nan_passes_every_clamp) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  for (int clamp : {MOELORA_CLAMP_NONE, MOELORA_CLAMP_PRE, MOELORA_CLAMP_POST})
    for (auto function : {MOELORA_SILU, MOELORA_GELU, MOELORA_RELU2}) {
      moelora_activation a = gated(function);
      a.clamp = clamp;
      a.gate_max = a.up_limit = 2;
      EXPECT_TRUE(std::isnan(one(a, nan, 1)));
      EXPECT_TRUE(std::isnan(one(a, 1, nan)));
    }
}

TEST(Activation, rounded_once_to_the_layers_type) {
  Rounding rounded = Rounding::rounded(MOELORA_BF16, MOELORA_F32);
  double silu = 3 * sigmoid(3);
  Vector a = activate(gated(MOELORA_SILU), {3, 1.25}, rounded);
  EXPECT_EQ(a[0], roundTo(MOELORA_BF16, silu * 1.25));
}

} // namespace
