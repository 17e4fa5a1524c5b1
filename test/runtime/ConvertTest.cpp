/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Conversions between element types: all f16 and bf16 numbers exactly, and one
 * rounding to nearest even the other way.
 */
#include "base/Convert.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace moelora;

namespace {

/// The value of f16 bits by its definition.
double f16Value(uint16_t bits) {
  double sign = bits & 0x8000 ? -1 : 1;
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31)
    return fraction ? NAN : sign * INFINITY;
  return exponent ? sign * std::ldexp(1024 + fraction, exponent - 25)
                  : sign * std::ldexp(fraction, -24);
}

/// Nearest of two neighbours, ties to the even one; `value` is of this type's
/// bits, which are ordered like the numbers they stand for.
template <typename Value> uint16_t nearest(double magnitude, Value value) {
  uint16_t low = 0, high = 0x7c00; // infinity
  while (high - low > 1) {
    uint16_t middle = static_cast<uint16_t>((low + high) / 2);
    (value(middle) <= magnitude ? low : high) = middle;
  }
  double below = magnitude - value(low), above = value(high) - magnitude;
  return below < above || (below == above && low % 2 == 0) ? low : high;
}

} // namespace

TEST(Convert, every_f16_widens_exactly) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    double expected = f16Value(static_cast<uint16_t>(bits));
    float widened = widen(F16{static_cast<uint16_t>(bits)});
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(widened));
      EXPECT_TRUE(std::isnan(widen(narrow<F16>(widened))));
    } else {
      EXPECT_EQ(widened, expected) << bits;
      EXPECT_EQ(std::signbit(widened), std::signbit(expected));
      EXPECT_EQ(narrow<F16>(widened).bits, bits);
    }
  }
}

TEST(Convert, every_bf16_survives) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    BF16 value{static_cast<uint16_t>(bits)};
    if (std::isnan(widen(value)))
      EXPECT_TRUE(std::isnan(widen(narrow<BF16>(widen(value)))));
    else
      EXPECT_EQ(narrow<BF16>(widen(value)).bits, bits);
  }
}

TEST(Convert, f16_rounds_to_nearest_even) {
  std::mt19937 generator(11);
  std::uniform_real_distribution<double> exponent(-26, 15.9);
  for (int i = 0; i < 20000; ++i) {
    float value = static_cast<float>(std::exp2(exponent(generator)));
    EXPECT_EQ(narrow<F16>(value).bits, (nearest(value, f16Value))) << value;
  }
  EXPECT_EQ(narrow<F16>(65519.0f).bits, 0x7bff); // the largest finite one
  EXPECT_EQ(narrow<F16>(65520.0f).bits, 0x7c00); // halfway to the next
  EXPECT_EQ(narrow<F16>(0x1p-25f).bits, 0);      // halfway to the smallest
  EXPECT_EQ(narrow<F16>(-0x1.8p-25f).bits, 0x8001);
}

TEST(Convert, f64_is_rounded_once) {
  // Just above the tie between 1 and 1 + 2^-7: rounding to f32 first would
  // land on the tie and go down to even.
  double above = 1 + 0x1p-8 + 0x1p-40;
  EXPECT_EQ(convert<BF16>(above).bits, 0x3f81);
  EXPECT_EQ(convert<BF16>(-above).bits, 0xbf81);
  double below = 1 + 0x1p-7 + 0x1p-8 - 0x1p-40;
  EXPECT_EQ(convert<BF16>(below).bits, 0x3f81);
  EXPECT_EQ(convert<F16>(1 + 0x1p-11 + 0x1p-40).bits, 0x3c01);
  EXPECT_EQ(convert<float>(1 + 0x1p-24 + 0x1p-40), 1 + 0x1p-23f);
}

TEST(Convert, infinities) {
  EXPECT_EQ(convert<BF16>(INFINITY).bits, 0x7f80);
  EXPECT_EQ(convert<F16>(-double(INFINITY)).bits, 0xfc00);
  EXPECT_TRUE(std::isnan(widen(convert<F16>(double(NAN)))));
  EXPECT_TRUE(std::isnan(widen(convert<BF16>(bitsOf<float>(0x7f800001u)))));
}
