// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slot tables of peer ranks that differ for other reasons than an interruption.

#include "Ranks.h"

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Reconciliation : testing::Test {
  Folder folder;
  Opened adapter = packedAdapter(folder, 2);
  Ranks ranks{2};
};

TEST_F(Reconciliation, of_equal_tables_changes_nothing) {
  ranks.add("a", adapter);
  uint64_t before = ranks[0].digest();
  EXPECT_EQ(ranks.reconcile().text, "");
  EXPECT_EQ(ranks[0].digest(), before);
  EXPECT_EQ(ranks[0].id, -1);
}

TEST_F(Reconciliation, tells_what_is_missing_and_where) {
  int32_t id = ranks.add("a", adapter);
  // Peer rank 1 was started again, and has nothing.
  ranks[1].table = std::make_unique<Table>(3);
  Outcome missing = ranks.reconcile();
  EXPECT_EQ(missing.status, MOELORA_INVALID);
  EXPECT_EQ(missing.text,
            "expects the slot tables of all peer ranks to be equal, but slot 0 "
            "has 'a' of generation 0 and version 0 on peer rank 0 and no "
            "adapter, but the next generation 0 on peer rank 1, which has not "
            "staged what it lacks");
  ASSERT_EQ(ranks[1].stage("a", adapter).status, MOELORA_OK);
  EXPECT_EQ(ranks.reconcile().text, "");
  EXPECT_EQ(ranks[0].id, -1);
  EXPECT_EQ(ranks[1].id, id);
  EXPECT_TRUE(ranks.equal());
}

TEST_F(Reconciliation, evicts_nothing_that_is_leased) {
  int32_t id = ranks.add("a", adapter);
  ASSERT_EQ(ranks[0].table->evict(id), MOELORA_OK);
  moelora_lease lease = {};
  ASSERT_EQ(ranks[1].table->acquire("a", lease), MOELORA_OK);
  Outcome busy = ranks.reconcile();
  EXPECT_EQ(busy.status, MOELORA_BUSY);
  EXPECT_THAT(busy.text, HasSubstr("'a' is leased"));
  EXPECT_THAT(busy.text, HasSubstr("on peer rank 1"));
  ASSERT_EQ(ranks[1].table->release(lease), MOELORA_OK);
  EXPECT_EQ(ranks.reconcile().text, "");
  EXPECT_TRUE(ranks.equal());
}

TEST_F(Reconciliation, does_not_choose_between_adapters_of_one_id) {
  int32_t id = -1;
  ASSERT_EQ(ranks[0].table->assign("a", adapter, id), MOELORA_OK);
  ASSERT_EQ(ranks[1].table->assign("b", adapter, id), MOELORA_OK);
  EXPECT_THAT(ranks.reconcile().text,
              HasSubstr("slot 0 has 'a' of generation 0 and version 0 on peer "
                        "rank 0 and 'b' of generation 0 and version 0 on peer "
                        "rank 1"));
}

TEST_F(Reconciliation, leaves_a_version_that_another_one_has_not_staged) {
  int32_t id = ranks.add("a", adapter);
  ASSERT_EQ(ranks[0].table->replace(id, adapter), MOELORA_OK);
  EXPECT_THAT(ranks.reconcile().text, HasSubstr("version 1 on peer rank 0"));
  ASSERT_EQ(ranks[1].stage(nullptr, adapter, id).status, MOELORA_OK);
  EXPECT_EQ(ranks.reconcile().text, "");
  EXPECT_TRUE(ranks.equal());
}

} // namespace
