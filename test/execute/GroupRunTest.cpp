// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers that exchange rows with the peer ranks of a group.

#include "GroupRun.h"

using namespace moelora::test;
using testing::HasSubstr;

namespace {

TEST_F(GroupRun, SumsTheRowsOfThePeerRanks) {
  for (float &value : copies[1].hidden)
    value *= 3;
  CopyRun::Rows expected = copies[0].hidden;
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] += copies[1].hidden[i];
  ASSERT_EQ(bind(0, groups[0]) + bind(1, groups[1]), "");
  std::thread other([&] { EXPECT_EQ(run(1), ""); });
  EXPECT_EQ(run(0), "");
  other.join();
  EXPECT_EQ(copies[0].output, expected);
  EXPECT_EQ(copies[1].output, expected);
}

TEST_F(GroupRun, NeedsAGroup) {
  EXPECT_EQ(bind(0, nullptr),
            "expects a group of peer ranks, with which the compiled layer "
            "exchanges rows, but it is NULL");
}

TEST_F(GroupRun, NeedsTheGridOverWhichTheLayerWasCut) {
  variant.grid[2] = 2;
  EXPECT_EQ(
      bind(0, nullptr),
      "expects a group of 1 x 1 x 2 peer ranks (dp x ep x tp), over which "
      "the compiled layer was cut, but it is NULL");
  EXPECT_EQ(bind(0, groups[0]), "");
  variant.grid[1] = 2;
  EXPECT_EQ(
      bind(1, groups[1]),
      "expects a group of 1 x 2 x 2 peer ranks (dp x ep x tp), over which "
      "the compiled layer was cut, but it has 1 x 1 x 2 peer ranks (dp x "
      "ep x tp)");
}

/// Tokens alone are cut: nothing is exchanged, but the group knows them.
TEST_F(GroupRun, MayExchangeNothing) {
  variant.services = 0;
  EXPECT_EQ(
      bind(0, groups[0]),
      "expects no group of peer ranks, as the compiled layer exchanges no "
      "rows, but there is one");
  variant.grid[2] = 2;
  EXPECT_EQ(bind(0, groups[0]), "");
}

TEST_F(GroupRun, KnowsTheTokensOfThisPeerRank) {
  ASSERT_EQ(bind(0, groups[0]), "");
  copies[0].run.tokens = 2;
  EXPECT_EQ(run(0), "expects as many tokens as the group knows of this peer "
                    "rank, 3, but there are 2");
}

TEST_F(GroupRun, ReportsTheErrorOfTheGroup) {
  ASSERT_EQ(bind(0, groups[0]), "");
  EXPECT_EQ(moelora_group_set_deadline(groups[0], 20, nullptr), MOELORA_OK);
  for (int times = 0; times < 2; ++times) {
    EXPECT_THAT(run(0), HasSubstr("but 1 did not"));
    EXPECT_EQ(moelora_layer_run(layers[0], &copies[0].run, nullptr),
              MOELORA_PEER_LOST);
  }
}

TEST_F(GroupRun, KeepsItsGroup) {
  ASSERT_EQ(bind(0, groups[0]), "");
  EXPECT_EQ(moelora_group_destroy(groups[0], nullptr), MOELORA_BUSY);
}

} // namespace
