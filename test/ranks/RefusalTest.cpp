// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes that are refused on all peer ranks with one text.

#include "Ranks.h"

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Refusal : testing::Test {
  Folder folder;
  Opened adapter = packedAdapter(folder, 2);
  Ranks ranks{2};
};

TEST_F(Refusal, of_calls_that_differ) {
  ASSERT_EQ(ranks[0].stage("a", adapter).status, MOELORA_OK);
  ASSERT_EQ(ranks[1].stage("b", adapter).status, MOELORA_OK);
  EXPECT_EQ(ranks.publish().text,
            "expects all peer ranks to publish the same adapter, but it is 'a' "
            "on peer rank 0 and 'b' on peer rank 1");
  EXPECT_EQ(ranks
                .same([](Rank &rank) {
                  return rank.number ? rank.evict(0) : rank.publish();
                })
                .text,
            "expects all peer ranks to make the same call, but peer rank 0 "
            "calls moelora_group_publish and peer rank 1 moelora_group_evict");
  EXPECT_EQ(ranks.same([](Rank &rank) { return rank.evict(rank.number); }).text,
            "expects all peer ranks to evict the same id, but it is 0 on peer "
            "rank 0 and 1 on peer rank 1");
  ranks[1].abandon();
  EXPECT_EQ(ranks.publish().text,
            "peer rank 1: expects what is staged, or why nothing is, but it is "
            "NULL");
}

TEST_F(Refusal, of_tables_that_differ) {
  ranks.add("a", adapter);
  int32_t id = -1;
  ASSERT_EQ(ranks[1].table->assign("b", adapter, id), MOELORA_OK);
  ranks.stage("c", adapter);
  EXPECT_EQ(ranks.publish().text,
            "expects the slot tables of all peer ranks to be equal, but slot 1 "
            "has no adapter, but the next generation 0 on peer rank 0 and 'b' "
            "of generation 0 and version 0 on peer rank 1; "
            "moelora_group_reconcile makes them equal");
  ASSERT_EQ(ranks[1].table->evict(id), MOELORA_OK);
  ASSERT_EQ(ranks[1].table->enable(0, false), MOELORA_OK);
  EXPECT_THAT(ranks.publish().text,
              HasSubstr("version 0 on peer rank 0 and 'a' of generation 0 and "
                        "version 0, disabled on peer rank 1"));
  ASSERT_EQ(ranks[1].table->enable(0, true), MOELORA_OK);
  EXPECT_EQ(ranks.publish().text, "");
}

TEST_F(Refusal, of_tables_of_other_sizes) {
  ranks[1].abandon();
  ranks[1].table = std::make_unique<Table>(4);
  ranks.stage("a", adapter);
  EXPECT_EQ(ranks.publish().text, "expects slot tables of one size, but they "
                                  "have 3 slots on peer rank 0 and 4 on peer "
                                  "rank 1");
}

TEST_F(Refusal, of_an_adapter_beyond_the_memory_of_one) {
  int32_t id = ranks.add("a", adapter);
  moelora_slot_table_options tight = tableOptions(3);
  tight.max_bytes = ranks[0].table->bytes();
  ranks[1].table = std::make_unique<Table>(tight);
  ASSERT_EQ(ranks.evict(id).status, MOELORA_INVALID); // only one has it
  ASSERT_EQ(ranks.reconcile().status, MOELORA_INVALID);
  ASSERT_EQ(ranks[0].table->evict(id), MOELORA_OK);
  ranks.add("a", adapter);
  ranks.stage("b", adapter);
  Outcome full = ranks.publish();
  EXPECT_EQ(full.status, MOELORA_FULL);
  EXPECT_THAT(full.text,
              HasSubstr("peer rank 1: expects at most max_bytes = "));
  EXPECT_TRUE(ranks.equal());
}

} // namespace
