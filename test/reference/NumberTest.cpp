// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types: exact loads, one rounding to nearest even.

#include "moelora/reference/Number.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace moelora::reference;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

uint16_t stored(moelora_dtype type, double value) {
  uint16_t bits = 0;
  store(type, &bits, 0, value);
  return bits;
}

TEST(Number, bytes) {
  EXPECT_EQ(bytesOf(MOELORA_F64), 8u);
  EXPECT_EQ(bytesOf(MOELORA_F32), 4u);
  EXPECT_EQ(bytesOf(MOELORA_F16), 2u);
  EXPECT_EQ(bytesOf(MOELORA_BF16), 2u);
  EXPECT_EQ(bytesOf(static_cast<moelora_dtype>(0)), 0u);
}

TEST(Number, bf16_ties_go_to_even) {
  // 8 significant bits: neighbours of 1 are 2^-7 apart.
  EXPECT_EQ(roundTo(MOELORA_BF16, 1 + 0x1p-8), 1);
  EXPECT_EQ(roundTo(MOELORA_BF16, 1 + 0x3p-8), 1 + 0x2p-7);
  EXPECT_EQ(roundTo(MOELORA_BF16, -1 - 0x3p-8), -1 - 0x2p-7);
}

TEST(Number, rounds_once_and_not_through_f32) {
  // Just above a tie: by way of f32 it would become the tie, then 1.
  EXPECT_EQ(roundTo(MOELORA_BF16, 1 + 0x1p-8 + 0x1p-40), 1 + 0x1p-7);
  EXPECT_EQ(roundTo(MOELORA_F16, 1 + 0x1p-11 + 0x1p-40), 1 + 0x1p-10);
}

TEST(Number, f16_subnormals_and_overflow) {
  EXPECT_EQ(roundTo(MOELORA_F16, 0x1p-24), 0x1p-24);
  EXPECT_EQ(roundTo(MOELORA_F16, 0x1p-25), 0); // a tie with 0, which is even
  EXPECT_EQ(roundTo(MOELORA_F16, 0x3p-25), 0x2p-24);
  EXPECT_EQ(roundTo(MOELORA_F16, 65519), 65504);
  EXPECT_EQ(roundTo(MOELORA_F16, -65520), -infinity);
}

TEST(Number, bf16_subnormals_and_overflow) {
  EXPECT_EQ(roundTo(MOELORA_BF16, 0x3p-134), 0x2p-133);
  EXPECT_EQ(roundTo(MOELORA_BF16, 0x1.ffp127), infinity);
  EXPECT_EQ(roundTo(MOELORA_BF16, 0x1.fe8p127), 0x1.fep127);
}

TEST(Number, zero_keeps_its_sign) {
  EXPECT_TRUE(std::signbit(roundTo(MOELORA_BF16, -0.0)));
  EXPECT_TRUE(std::signbit(roundTo(MOELORA_F16, -0x1p-60)));
}

TEST(Number, known_bits) {
  EXPECT_EQ(stored(MOELORA_BF16, 1), 0x3f80);
  EXPECT_EQ(stored(MOELORA_BF16, -2.5), 0xc020);
  EXPECT_EQ(stored(MOELORA_F16, 1), 0x3c00);
  EXPECT_EQ(stored(MOELORA_F16, -2.5), 0xc100);
  EXPECT_EQ(stored(MOELORA_F16, infinity), 0x7c00);
}

TEST(Number, every_16_bit_value_survives) {
  for (moelora_dtype type : {MOELORA_F16, MOELORA_BF16})
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      auto half = static_cast<uint16_t>(bits);
      double value = load(type, &half, 0);
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(roundTo(type, value)));
      else
        ASSERT_EQ(stored(type, value), half) << type;
    }
}

TEST(Number, nan_stays_nan_when_stored) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  for (moelora_dtype type : {MOELORA_F16, MOELORA_BF16}) {
    uint16_t bits = stored(type, nan);
    EXPECT_TRUE(std::isnan(load(type, &bits, 0)));
  }
}

TEST(Number, nearest_of_two_neighbours) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 10000; ++i) {
    double v = normal(random);
    double r = roundTo(MOELORA_BF16, v);
    double unit = std::ldexp(1, std::ilogb(v) - 7);
    EXPECT_LE(std::abs(r - v), unit / 2);
    EXPECT_EQ(std::remainder(r, unit), 0);
  }
}

TEST(Number, modes) {
  double third = 1.0 / 3;
  EXPECT_EQ(Rounding::exact().value(third), third);
  Rounding rounding = Rounding::rounded(MOELORA_BF16, MOELORA_F16);
  EXPECT_EQ(rounding.accumulator(third), static_cast<float>(third));
  EXPECT_EQ(rounding.value(third), roundTo(MOELORA_BF16, third));
  EXPECT_EQ(rounding.shrunk(third), roundTo(MOELORA_F16, third));
}

} // namespace
