// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters that all peer ranks publish and evict together, while none is lost.

#include "Ranks.h"

using namespace moelora::test;

namespace {

struct GroupSlots : testing::Test {
  Folder folder, otherFolder;
  Opened adapter = packedAdapter(folder, 2),
         other = packedAdapter(otherFolder, 17);
  Ranks ranks{2};

  /// Changes the next generation of a free slot of one peer rank.
  void drift(int rank, const char *name) {
    int32_t id = -1;
    Table &table = *ranks[rank].table;
    ASSERT_EQ(table.assign(name, adapter, id), MOELORA_OK) << table.text;
    ASSERT_EQ(table.evict(id), MOELORA_OK) << table.text;
  }
};

TEST_F(GroupSlots, have_the_same_adapter_with_the_same_id) {
  ranks.stage("a", adapter);
  EXPECT_EQ(ranks[0].table->stats().used_slots, 0);
  ASSERT_EQ(ranks.publish().text, "");
  EXPECT_EQ(ranks[0].id, ranks[1].id);
  EXPECT_TRUE(ranks.equal());
  for (int rank = 0; rank < 2; ++rank) {
    moelora_slot_info info = ranks[rank].table->info(0);
    EXPECT_EQ(info.name, std::string("a"));
    EXPECT_EQ(info.id, ranks[rank].id);
    EXPECT_EQ(ranks[rank].table->stats().used_slots, 1);
    EXPECT_EQ(ranks[rank].table->stats().reserved_slots, 0);
  }
}

TEST_F(GroupSlots, with_one_peer_rank_are_a_table) {
  Ranks one(1);
  int32_t id = one.add("a", adapter);
  EXPECT_EQ(id, 0);
  EXPECT_EQ(one.evict(id).text, "");
  EXPECT_EQ(one.add("a", adapter), 1 << 2); // the next generation of slot 0
}

TEST_F(GroupSlots, publish_nothing_if_one_could_not_stage) {
  ASSERT_EQ(ranks[0].stage("a", adapter).status, MOELORA_OK);
  // The file of peer rank 1 is cut off after it was opened.
  std::string file = otherFolder / "adapter_model.safetensors";
  std::string content = otherFolder.read("adapter_model.safetensors");
  otherFolder.write("adapter_model.safetensors",
                    content.substr(0, content.size() / 2));
  Outcome staged = ranks[1].stage("a", other);
  ASSERT_NE(staged.status, MOELORA_OK);
  uint64_t before = ranks[0].digest();
  Outcome result = ranks.publish();
  EXPECT_EQ(result.status, staged.status);
  EXPECT_EQ(result.text, "peer rank 1: " + staged.text);
  EXPECT_EQ(ranks[0].digest(), before);
  EXPECT_TRUE(ranks.equal());
  // The group is usable, and what peer rank 0 has staged is, too.
  ASSERT_EQ(ranks[1].stage("a", adapter).status, MOELORA_OK);
  EXPECT_EQ(ranks.publish().text, "");
  EXPECT_TRUE(ranks.equal());
}

TEST_F(GroupSlots, agree_on_the_largest_of_generations_that_drifted_apart) {
  drift(0, "warm");
  drift(0, "warm");
  drift(1, "warm");
  EXPECT_EQ(ranks.add("a", adapter), 2 << 2); // slot 0, generation 2
  EXPECT_TRUE(ranks.equal());
  EXPECT_EQ(ranks.evict(2 << 2).text, "");
  EXPECT_EQ(ranks.add("a", adapter), 3 << 2);
}

TEST_F(GroupSlots, agree_on_slots_that_were_reserved_in_another_order) {
  Opened *opened[] = {&adapter, &other};
  const char *names[] = {"a", "b"};
  moelora_staged *staged[2][2] = {};
  for (int rank = 0; rank < 2; ++rank)
    for (int i = 0; i < 2; ++i) {
      int which = i ^ rank; // the second peer rank begins with b
      ASSERT_EQ(ranks[rank].table->call(moelora_slot_table_stage, names[which],
                                        -1, opened[which]->get(), nullptr,
                                        &staged[rank][which]),
                MOELORA_OK);
    }
  for (int which : {1, 0}) {
    for (int rank = 0; rank < 2; ++rank)
      ranks[rank].staged = staged[rank][which];
    ASSERT_EQ(ranks.publish().text, "");
    EXPECT_EQ(ranks[0].id, ranks[1].id);
  }
  EXPECT_TRUE(ranks.equal());
  EXPECT_EQ(ranks[0].table->stats().used_slots, 2);
  EXPECT_EQ(ranks[1].table->stats().reserved_slots, 0);
}

TEST_F(GroupSlots, evict_an_adapter_that_is_idle_on_all_to_make_space) {
  for (const char *name : {"a", "b", "c"})
    ranks.add(name, adapter);
  moelora_lease lease = {};
  // Only peer rank 1 uses a, which would be the oldest.
  ASSERT_EQ(ranks[1].table->acquire("a", lease), MOELORA_OK);
  EXPECT_EQ(ranks.add("d", adapter), 1 << 2 | 1); // in the slot of b
  ASSERT_EQ(ranks[1].table->release(lease), MOELORA_OK);
  EXPECT_TRUE(ranks.equal());
  EXPECT_EQ(ranks[0].table->stats().evictions, 1u);
}

TEST_F(GroupSlots, are_full_if_no_adapter_is_idle_on_all) {
  Ranks small(2, 1);
  small.add("a", adapter);
  small.stage("b", adapter);
  moelora_lease lease = {};
  ASSERT_EQ(small[0].table->acquire("a", lease), MOELORA_OK);
  Outcome full = small.publish();
  EXPECT_EQ(full.status, MOELORA_FULL);
  EXPECT_EQ(full.text, "no slot is free on all peer ranks, and no adapter is "
                       "idle on all");
  EXPECT_EQ(small[1].table->stats().full, 1u);
  ASSERT_EQ(small[0].table->release(lease), MOELORA_OK);
  EXPECT_EQ(small.publish().text, "");
  EXPECT_TRUE(small.equal());
}

TEST_F(GroupSlots, evict_on_all_or_on_none) {
  int32_t id = ranks.add("a", adapter);
  moelora_lease lease = {};
  ASSERT_EQ(ranks[1].table->acquire("a", lease), MOELORA_OK);
  Outcome busy = ranks.evict(id);
  EXPECT_EQ(busy.status, MOELORA_BUSY);
  EXPECT_EQ(busy.text, "expects an idle adapter, but 'a' is leased, or a step "
                       "from before its release or a store of it is still on "
                       "its way, on peer rank 1");
  EXPECT_EQ(ranks[0].table->stats().used_slots, 1);
  EXPECT_TRUE(ranks.equal());
  ASSERT_EQ(ranks[1].table->release(lease), MOELORA_OK);
  EXPECT_EQ(ranks.evict(id).text, "");
  for (int rank = 0; rank < 2; ++rank)
    EXPECT_EQ(ranks[rank].table->stats().used_slots, 0);
  Outcome stale = ranks.evict(id);
  EXPECT_EQ(stale.status, MOELORA_STALE);
  EXPECT_EQ(stale.text,
            "expects the id of a present adapter, but 0 is of none");
  EXPECT_EQ(ranks[0].table->stats().stale_calls, 1u);
}

// All have checked what they vote for, which must still hold in the end.
TEST_F(GroupSlots, accept_no_other_change_after_the_vote) {
  int32_t id = ranks.add("a", adapter), unused = -1;
  Table &table = *ranks[0].table;
  int calls = 0;
  ranks[0].transport->interruptAt(2, [&] {
    moelora_lease lease = {};
    EXPECT_EQ(table.acquire("a", lease), MOELORA_BUSY);
    EXPECT_THAT(table.text, testing::HasSubstr("changed on all peer ranks"));
    EXPECT_EQ(table.assign("b", adapter, unused), MOELORA_BUSY);
    EXPECT_EQ(table.replace(id, adapter), MOELORA_BUSY);
    EXPECT_EQ(table.enable(id, false), MOELORA_BUSY);
    EXPECT_EQ(table.evict(id), MOELORA_BUSY);
    EXPECT_EQ(table.call(moelora_slot_table_reset), MOELORA_BUSY);
    EXPECT_EQ(table.call(moelora_slot_table_evict_at, 0, 1u, nullptr),
              MOELORA_BUSY);
    ++calls;
  });
  EXPECT_EQ(ranks.evict(id).text, "");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(table.assign("b", adapter, unused), MOELORA_OK);
}

TEST_F(GroupSlots, replace_an_adapter_in_its_place) {
  int32_t id = ranks.add("a", adapter);
  for (int rank = 0; rank < 2; ++rank)
    ASSERT_EQ(ranks[rank].stage(nullptr, other, id).status, MOELORA_OK);
  EXPECT_EQ(ranks.publish().text, "");
  EXPECT_EQ(ranks[1].id, id);
  EXPECT_EQ(ranks[1].table->info(0).version, 1);
  EXPECT_TRUE(ranks.equal());
}

} // namespace
