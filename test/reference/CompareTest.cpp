// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every way in which a comparison fails.

#include "RandomLayer.h"

#include "moelora/reference/Compare.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

using namespace moelora::reference;
using testing::HasSubstr;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double nan = std::nan("");

Verdict verdictOf(const Vector &found, const Vector &wanted,
                  const Vector &bounds) {
  Verdict verdict(1);
  verdict.compareRow(7, found, wanted, bounds);
  return verdict;
}

TEST(Compare, an_error_is_in_units_of_its_bound) {
  EXPECT_EQ(errorRatio(3, 2, 0.5), 2);
  EXPECT_EQ(errorRatio(2, 3, 2), 0.5);
  EXPECT_EQ(errorRatio(2, 2, 0), 0);
}

TEST(Compare, what_is_no_number_is_wrong_on_one_side) {
  EXPECT_EQ(errorRatio(nan, 1, 1), infinity);
  EXPECT_EQ(errorRatio(1, nan, 1), infinity);
  EXPECT_EQ(errorRatio(1, nan, nan), infinity);
  EXPECT_EQ(errorRatio(infinity, 1, 1), infinity);
  EXPECT_EQ(errorRatio(nan, infinity, 1), infinity);
  EXPECT_EQ(errorRatio(-infinity, infinity, 1), infinity);
  EXPECT_EQ(errorRatio(nan, nan, nan), 0);
  EXPECT_EQ(errorRatio(infinity, infinity, infinity), 0);
}

TEST(Compare, a_bound_that_is_none_allows_nothing) {
  for (double bound : {0.0, nan, infinity})
    EXPECT_EQ(errorRatio(1, 1 + 1e-15, bound), infinity) << bound;
}

TEST(Compare, nan_is_wrong_wherever_it_stands_in_a_row) {
  const Vector row = {1, 2, 3}, bounds = {9, 9, 9};
  EXPECT_TRUE(verdictOf(row, row, bounds).right());
  for (size_t i = 0; i < row.size(); ++i) {
    Vector wrong = row;
    wrong[i] = nan;
    Verdict verdict = verdictOf(wrong, row, bounds);
    EXPECT_EQ(verdict.worst, infinity);
    EXPECT_EQ(verdict.column, int64_t(i));
    EXPECT_FALSE(verdict.right());
    EXPECT_FALSE(verdictOf(row, wrong, bounds).right());
  }
}

TEST(Compare, the_worst_element_is_named) {
  Verdict verdict = verdictOf({1, 2.5, 3}, {1.125, 2, 3}, {0.125, 0.25, 0});
  EXPECT_EQ(verdict.worst, 2);
  EXPECT_THAT(verdict.failure(), HasSubstr("expects 2 in token 7, "
                                           "column 1, but it is 2.5, outside"));
}

TEST(Compare, what_another_order_may_change_follows_the_sums) {
  double narrow = reorderedUnit(MOELORA_F32, 64);
  EXPECT_NEAR(narrow, 5 * 0x1p-22, 0x1p-30);
  EXPECT_NEAR(reorderedUnit(MOELORA_F32, 64 * 64), 26 * 0x1p-22, 0x1p-30);
  EXPECT_GE(reorderedUnit(MOELORA_BF16, 64), 2 * 0x1p-8);
  const double wanted[] = {0.25, -2, 1, 8}, found[] = {0.25, -2, 1, 8 + 3e-6};
  MatrixView right = {MOELORA_F64, wanted, 2, 2, 2}, other = right;
  EXPECT_TRUE(compareRows(right, right, 0).right());
  other.data = found;
  EXPECT_TRUE(compareRows(other, right, narrow).right());
  EXPECT_FALSE(compareRows(other, right, narrow / 4).right());
  EXPECT_FALSE(compareRows(other, right, 0).right());
}

TEST(Compare, rows_of_other_lengths_are_wrong) {
  EXPECT_FALSE(verdictOf({1}, {1, 2}, {9, 9}).right());
  EXPECT_FALSE(verdictOf({1, 2}, {1}, {9}).right());
  EXPECT_FALSE(verdictOf({1, 2}, {1, 2}, {9}).right());
}

TEST(Compare, rows_that_nobody_compared_are_missed) {
  EXPECT_THAT(Verdict(2).failure(), HasSubstr("expects 2 rows to be compared"));
  Verdict half(2);
  half.compareRow(0, {1}, {1}, {1});
  EXPECT_FALSE(half.right());
  EXPECT_TRUE(Verdict(0).right()); // no tokens: nothing is missing
}

TEST(Compare, a_tenth_may_be_near_ties_or_one) {
  auto leftOut = [](int64_t count, int64_t rows) {
    Verdict verdict(rows);
    for (int64_t i = 0; i < count; ++i)
      verdict.leaveOut();
    for (int64_t i = count; i < rows; ++i)
      verdict.compareRow(i, {1}, {1}, {1});
    return verdict.failure();
  };
  EXPECT_EQ(leftOut(1, 2), "");
  EXPECT_EQ(leftOut(2, 20), "");
  EXPECT_THAT(leftOut(1, 1), HasSubstr("all 1 are near ties"));
  EXPECT_THAT(leftOut(2, 19), HasSubstr("2 of 19 are"));
  EXPECT_THAT(leftOut(3, 20), HasSubstr("at most one row in ten"));
}

TEST(Compare, verdicts_add_up) {
  Verdict all, wrong = verdictOf({nan}, {1}, {1}), left(1);
  left.leaveOut();
  all.add(verdictOf({1}, {1.5}, {1}));
  EXPECT_EQ(all.worst, 0.5);
  all.add(wrong);
  all.add(left);
  all.add(verdictOf({1}, {1}, {1}));
  EXPECT_EQ(all.rows, 4);
  EXPECT_EQ(all.compared, 3);
  EXPECT_EQ(all.undecided, 1);
  EXPECT_EQ(all.token, 7);
  EXPECT_EQ(all.worst, infinity);
  EXPECT_FALSE(all.right());
}

TEST(Compare, the_bound_of_a_row_follows_its_largest_finite_number) {
  EXPECT_EQ(boundsOfRow({1, -4, nan, infinity}, 0.5), Vector(4, 2));
}

TEST(Compare, outputs_are_compared_where_they_are_decided) {
  RandomLayer random(1);
  Output exact = evaluate(random.problem, true), wrong = exact;
  EXPECT_TRUE(compareRows(viewOf(exact), exact).right());
  wrong.rows[2 * exact.width + 5] = nan;
  Verdict verdict = compareRows(viewOf(wrong), exact);
  EXPECT_FALSE(verdict.right());
  EXPECT_EQ(verdict.token, 2);
  EXPECT_EQ(verdict.column, 5);
  EXPECT_TRUE(compareRows(viewOf(wrong), {0, 1, 3},
                          evaluate(random.problem, {0, 1, 3}, true))
                  .right());
  exact.decided[2] = 0;
  EXPECT_TRUE(compareRows(viewOf(wrong), exact).right());
  exact.decided.assign(exact.decided.size(), 0);
  EXPECT_FALSE(compareRows(viewOf(exact), exact).right());
}

} // namespace
