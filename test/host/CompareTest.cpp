// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An output against the reference's rows, or against what a file expects.
#include "moelora/host/Compare.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::host;

namespace {

/// Three tokens of two elements; `decided` says which choices are no near tie.
class Example : public testing::Test {
protected:
  Example() {
    output.type = MOELORA_F64;
    output.buffer = Buffer(6 * sizeof(double));
    for (int i = 0; i < 6; ++i)
      values()[i] = i;
    exact.tokens = {0, 2};
    exact.rows = {0, 1, 4, 5};
    exact.bounds = {1, 1, 1, 1};
    exact.decided = {true, true};
  }
  double *values() { return reinterpret_cast<double *>(output.buffer.data()); }

  Operand output;
  ExactRows exact;
};

} // namespace

TEST_F(Example, only_tokens_of_the_sample_count) {
  values()[2] = 1000; // of token 1
  EXPECT_TRUE(compare(output, 2, exact, nullptr).right());
  values()[5] += 2;
  reference::Verdict verdict = compare(output, 2, exact, nullptr);
  EXPECT_FALSE(verdict.right());
  EXPECT_EQ(verdict.worst, 2);
  EXPECT_EQ(verdict.token, 2);
  EXPECT_EQ(verdict.column, 1);
}

TEST_F(Example, near_ties_are_left_out_unless_a_file_says_what_is_right) {
  values()[4] += 9;
  exact.decided[1] = false;
  reference::Verdict verdict = compare(output, 2, exact, nullptr);
  EXPECT_EQ(verdict.undecided, 1);
  EXPECT_TRUE(verdict.right());
  std::vector<double> wanted = {0, 1, 2, 3, 4, 5};
  EXPECT_FALSE(compare(output, 2, exact, &wanted).right());
  wanted[4] += 9;
  EXPECT_TRUE(compare(output, 2, exact, &wanted).right());
}

TEST(Compare, samples_are_spread_over_all_tokens) {
  EXPECT_THAT(sampleTokens(0), testing::IsEmpty());
  EXPECT_THAT(sampleTokens(3), testing::ElementsAre(0, 1, 2));
  std::vector<int64_t> many = sampleTokens(1600);
  EXPECT_EQ(many.size(), 16u);
  EXPECT_EQ(many[15], 1500);
}
