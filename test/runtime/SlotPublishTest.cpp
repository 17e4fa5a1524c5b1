/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads of several ranks, in two steps: the slots and generations that the
 * ranks agree on, and nothing else.
 */
#include "SlotDevice.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Publishing : testing::Test, SlotDevice {
  struct Target {
    int32_t slot;
    uint32_t generation;
    bool operator==(const Target &other) const {
      return slot == other.slot && generation == other.generation;
    }
  };
  Target targetOf(moelora_staged *staged) {
    Target target = {};
    EXPECT_EQ(moelora_staged_target(staged, &target.slot, &target.generation,
                                    nullptr),
              MOELORA_OK);
    return target;
  }
};

} // namespace

TEST_F(Publishing, happens_where_it_is_said) {
  moelora_staged *staged = stage("b");
  EXPECT_EQ(targetOf(staged), (Target{1, 0}));
  EXPECT_EQ(table->info(1).state, MOELORA_SLOT_RESERVED);
  int32_t to = -1;
  ASSERT_EQ(publishAt(staged, 1, 5, &to), MOELORA_OK) << table->text;
  EXPECT_EQ(to, 5 << 1 | 1);
  EXPECT_EQ(table->info(1).name, std::string("b"));
  drain();
  Step step(table->table);
  EXPECT_EQ((step.look(1, stream), drain(), step.word(1).generation()), 5u);
}

TEST_F(Publishing, or_fails_and_changes_nothing) {
  moelora_staged *staged = stage("b");
  moelora_lease lease = {};
  ASSERT_EQ(table->acquire("a", lease), MOELORA_OK);
  EXPECT_EQ(publishAt(staged, 2, 0), MOELORA_INVALID);
  EXPECT_EQ(publishAt(staged, -1, 0), MOELORA_INVALID);
  EXPECT_EQ(publishAt(staged, 1, 1u << 24), MOELORA_INVALID);
  EXPECT_EQ(publishAt(staged, 0, 1), MOELORA_BUSY); // it is leased
  ASSERT_EQ(table->release(lease), MOELORA_OK);
  EXPECT_EQ(publishAt(staged, 0, 0), MOELORA_INVALID); // a's own
  EXPECT_THAT(table->text, HasSubstr("expects a generation of slot 0 in [1,"));
  device.faults.fail(TestCall::Store);
  EXPECT_EQ(publishAt(staged, 1, 0), MOELORA_IO);
  EXPECT_EQ(table->stats().used_slots, 1);
  EXPECT_EQ(table->stats().reserved_slots, 1);
  EXPECT_EQ(publishAt(staged, 1, 0), MOELORA_OK); // it is still there
}

TEST_F(Publishing, evicts_the_idle_tenant_of_the_slot_and_nobody_else) {
  int32_t b = -1, to = -1;
  ASSERT_EQ(table->assign("b", adapter, b), MOELORA_OK);
  moelora_staged *staged = stage("c");
  EXPECT_EQ(targetOf(staged), (Target{0, 1})); // a was used before b
  ASSERT_EQ(publishAt(staged, 1, 3, &to), MOELORA_OK) << table->text;
  EXPECT_EQ(to, 3 << 1 | 1);
  EXPECT_EQ(table->evict(b), MOELORA_STALE);
  EXPECT_EQ(table->info(0).name, std::string("a"));
  EXPECT_EQ(table->stats().evictions, 1u);
}

TEST_F(Publishing, frees_the_slot_that_was_kept_where_another_one_is_agreed) {
  moelora_staged *staged = stage("b");
  ASSERT_EQ(publishAt(staged, 0, 1), MOELORA_OK) << table->text;
  EXPECT_EQ(table->info(1).state, MOELORA_SLOT_FREE);
}

TEST_F(Publishing, of_a_replacement_stays_in_its_place) {
  moelora_staged *staged = nullptr;
  ASSERT_EQ(table->call(moelora_slot_table_stage, nullptr, id, other.get(),
                        nullptr, &staged),
            MOELORA_OK);
  EXPECT_EQ(targetOf(staged), (Target{0, 0}));
  EXPECT_EQ(publishAt(staged, 0, 1), MOELORA_INVALID);
  EXPECT_EQ(publishAt(staged, 1, 0), MOELORA_INVALID);
  ASSERT_EQ(publishAt(staged, 0, 0), MOELORA_OK) << table->text;
  EXPECT_EQ(table->info(0).version, 1);
  EXPECT_EQ(table->info(0).id, id);
}

TEST_F(Publishing, never_evicts_for_want_of_memory) {
  drain();
  moelora_slot_table_options options = optionsOn(device.get());
  options.max_bytes = table->bytes();
  Table tight(options);
  int32_t own = -1;
  ASSERT_EQ(tight.assign("a", adapter, own), MOELORA_OK);
  moelora_staged *staged = nullptr;
  ASSERT_EQ(tight.call(moelora_slot_table_stage, "b", -1, adapter.get(),
                       nullptr, &staged),
            MOELORA_OK);
  auto publish = [&](int32_t slot, uint32_t generation) {
    int32_t to = -1;
    return tight.call(moelora_slot_table_publish_at, staged, slot, generation,
                      stream, &to);
  };
  EXPECT_EQ(publish(1, 0), MOELORA_FULL);
  EXPECT_THAT(tight.text, HasSubstr("expects at most max_bytes"));
  EXPECT_EQ(publish(0, 1), MOELORA_OK); // in the place of a
  drain();
}

TEST_F(Publishing, that_was_abandoned_leaves_nothing) {
  moelora_staged *staged = stage("b");
  EXPECT_EQ(table->call(moelora_slot_table_destroy), MOELORA_BUSY);
  moelora_staged_abandon(staged);
  EXPECT_EQ(table->stats().reserved_slots, 0);
  int32_t to = -1;
  EXPECT_EQ(table->assign("b", adapter, to), MOELORA_OK); // the name is free
  EXPECT_EQ(to, 1);
}

TEST_F(Publishing, evictions_say_the_next_generation) {
  auto evictAt = [&](int32_t slot, uint32_t generation) {
    return table->call(moelora_slot_table_evict_at, slot, generation, stream);
  };
  EXPECT_EQ(evictAt(2, 1), MOELORA_INVALID);
  EXPECT_EQ(evictAt(1, 1), MOELORA_STALE);
  EXPECT_EQ(evictAt(0, 0), MOELORA_INVALID);
  EXPECT_EQ(evictAt(0, (1u << 24) + 1), MOELORA_INVALID);
  ASSERT_EQ(evictAt(0, 9), MOELORA_OK);
  int32_t next = -1;
  ASSERT_EQ(table->assign("b", adapter, next), MOELORA_OK);
  EXPECT_EQ(next, 9 << 1);
  ASSERT_EQ(evictAt(0, 1u << 24), MOELORA_OK); // there is no such generation
  EXPECT_EQ(table->info(0).state, MOELORA_SLOT_CLOSED);
}
