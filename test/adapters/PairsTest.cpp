// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparison of pairs: equality and distance.
#include "moelora/adapters/Pairs.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace moelora::adapters;

namespace {

/// delta = 2 * [1; 3] [5, 7], in the first of two components; nothing in the
/// other, whatever its A.
Pair example(float idleA = 9) {
  return {2, 2, 2, MOELORA_F32, 2, false, {5, 7, idleA, idleA}, {1, 0, 3, 0}};
}

/// The same without the component that adds nothing.
Pair shorter() { return {2, 2, 1, MOELORA_F32, 2, false, {5, 7}, {1, 3}}; }

} // namespace

TEST(Pairs, components_without_b_are_passed_over_where_ranks_differ) {
  EXPECT_TRUE(sameDelta(example(), shorter()));
  EXPECT_TRUE(sameDelta(shorter(), example()));
  EXPECT_TRUE(sameDelta(example(), example()));
  EXPECT_FALSE(sameDelta(example(9), example(8))); // of equal ranks, all count
}

TEST(Pairs, values_and_scales_count) {
  Pair other = shorter();
  other.b[1] = 4;
  EXPECT_FALSE(sameDelta(shorter(), other));
  other = shorter();
  other.scale = 3;
  EXPECT_FALSE(sameDelta(shorter(), other));
  other.scale = 2 + 1e-12; // served in f32
  EXPECT_TRUE(sameDelta(shorter(), other));
}

TEST(Pairs, nan_is_the_same_as_nan) {
  Pair wrong = shorter();
  wrong.a[0] = NAN;
  EXPECT_TRUE(sameDelta(wrong, wrong));
  EXPECT_FALSE(sameDelta(wrong, shorter()));
  EXPECT_EQ(deltaDifference(wrong, shorter()), INFINITY);
}

TEST(Pairs, difference_is_relative_to_the_largest_element) {
  EXPECT_EQ(deltaDifference(example(), shorter()), 0);
  Pair other = shorter();
  other.b[1] = 0; // takes 2 * 3 * 7 = 42, the largest, away
  EXPECT_EQ(deltaDifference(shorter(), other), 1);
  other.b[1] = 1.5;
  EXPECT_EQ(deltaDifference(shorter(), other), 0.5);
}
