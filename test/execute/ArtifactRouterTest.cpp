// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules for a compiled layer's description of its router.

#include "CheckedArtifact.h"

using namespace moelora::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

TEST_F(CheckedArtifact, TopK) {
  layer.router.top_k = 5;
  EXPECT_EQ(error(), "expects top_k of a compiled layer to be in [1, 4], but "
                     "it is 5");
}

TEST_F(CheckedArtifact, Groups) {
  layer.router.groups = 3;
  EXPECT_EQ(error(), "expects the number of groups to divide the number of "
                     "experts, but groups is 3 and experts is 4");
}

TEST_F(CheckedArtifact, GroupsTooSmallForTopK) {
  layer.router.groups = 4;
  EXPECT_EQ(error(), "expects the kept groups to hold top_k experts, but top_k "
                     "is 2 and they hold 1");
}

TEST_F(CheckedArtifact, Table) {
  layer.router.table_rows = 1000;
  EXPECT_EQ(error(), "");
  layer.router.table_rows = -1;
  EXPECT_THAT(error(), StartsWith("expects the number of rows of the token "
                                  "table"));
}

TEST_F(CheckedArtifact, AlwaysChosenExperts) {
  layer.router.always = 1;
  EXPECT_EQ(error(), "");
  layer.router.always = 2;
  EXPECT_EQ(error(), "expects the number of always chosen experts of a "
                     "compiled layer to be in [0, 1], but it is 2");
  layer.router.always = 1;
  layer.router.table_rows = 7;
  EXPECT_THAT(error(), HasSubstr("to be in [0, 0], but it is 1"));
}

TEST_F(CheckedArtifact, RoundingsAreElementTypes) {
  layer.router.score_type = MOELORA_F64;
  EXPECT_THAT(error(), StartsWith("expects a rounding of the router"));
}

TEST_F(CheckedArtifact, ZeroExperts) {
  layer.zero_experts = 5;
  EXPECT_EQ(error(), "expects the number of zero experts of a compiled layer "
                     "to be in [0, 4], but it is 5");
}

} // namespace
