// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weighted sum of a token's rows, and what is added to it.

#include "moelora/reference/Ops.h"

#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;
using testing::ElementsAre;

namespace {

const Rounding exact = Rounding::exact();

TEST(Combine, weighted_sum_scale_and_shared) {
  Routed routed = {{5, 2}, {0.5, -2}};
  // 2 * (0.5 * 4 - 2 * 1) + 7 = 7;  2 * (0.5 * 2 - 2 * 3) - 1 = -11
  EXPECT_THAT(combine({{{4, 2}, {1, 3}}, {}, 2, {7, -1}}, routed, 2, exact),
              ElementsAre(7, -11));
}

TEST(Combine, identity_rows_are_scaled_with_the_others) {
  Routed routed = {{5, 9}, {0.5, -2}};
  // 2 * (0.5 * 4 + 3) + 7 = 17
  EXPECT_THAT(combine({{{4}, {}}, {3}, 2, {7}}, routed, 1, exact),
              ElementsAre(17));
}

TEST(Combine, dropped_rows_contribute_nothing) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  Routed routed = {{-1, 2}, {nan, 3}};
  EXPECT_THAT(combine({{{}, {1, 3}}, {}, 1, {}}, routed, 2, exact),
              ElementsAre(3, 9));
  EXPECT_THAT(combine({{{}, {}}, {}, 1, {}}, routed, 2, exact),
              ElementsAre(0, 0));
}

TEST(Combine, order_of_the_choices_means_nothing) {
  // As they come: (2^60 + 1) - 2^60 is 0 in f64, (2^60 - 2^60) + 1 is 1.
  Routed there = {{0, 1, 2}, {1, 1, 1}}, back = {{0, 2, 1}, {1, 1, 1}};
  Vector a = {0x1p60}, b = {1}, c = {-0x1p60};
  EXPECT_EQ(combine({{a, b, c}, {}, 1, {}}, there, 1, exact),
            combine({{a, c, b}, {}, 1, {}}, back, 1, exact));
}

TEST(Combine, output_is_rounded_once) {
  Routed routed = {{0, 1}, {1, 1}};
  Rounding rounded = Rounding::rounded(MOELORA_BF16, MOELORA_BF16);
  // Each rounded alone would lose its 2^-8; together they are 2^-7.
  EXPECT_THAT(combine({{{0.5 + 0x1p-8}, {0.5 + 0x1p-8}}, {}, 1, {}}, routed, 1,
                      rounded),
              ElementsAre(1 + 0x1p-7));
}

TEST(IdentityWeight, sums_what_is_in_the_range) {
  Routed routed = {{9, 3, 8, 10, -1, 7}, {1, 2, 4, 8, 16, 32}};
  EXPECT_EQ(identityWeight(routed, 8, 10, exact), 5);
  EXPECT_EQ(identityWeight(routed, 11, 12, exact), 0);
}

TEST(IdentityWeight, order_of_the_choices_means_nothing) {
  Routed there = {{0, 1, 2}, {0x1p60, 1, -0x1p60}};
  Routed back = {{2, 0, 1}, {-0x1p60, 0x1p60, 1}};
  EXPECT_EQ(identityWeight(there, 0, 3, exact),
            identityWeight(back, 0, 3, exact));
}

TEST(RmsNorm, by_hand) {
  moelora_norm norm = {1, 0, 3};
  // The mean of 1, 49, 1, 49 is 25.
  Vector x = {1, -7, -1, 7};
  EXPECT_THAT(rmsNorm(norm, x, {}), ElementsAre(0.6, -4.2, -0.6, 4.2));
  EXPECT_THAT(rmsNorm(norm, x, {5, 10, 0, -10}), ElementsAre(3, -42, 0, -42));
}

TEST(RmsNorm, epsilon_is_added_to_the_mean) {
  EXPECT_THAT(rmsNorm({1, 0.5625, 1}, {1, -1}, {}), ElementsAre(0.8, -0.8));
  EXPECT_THAT(rmsNorm({1, 0.25, 1}, {0, 0}, {}), ElementsAre(0, 0));
}

} // namespace
