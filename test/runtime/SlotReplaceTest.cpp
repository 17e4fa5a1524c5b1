/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Changes of a present adapter, in the order of streams.
 */
#include "Streams.h"
#include "Tables.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Replace : testing::Test {
  Folder oneFolder, twoFolder;
  Opened one = packedAdapter(oneFolder, 2), two = packedAdapter(twoFolder, 17);
  Table table;
  int32_t id = -1;

  void SetUp() override {
    ASSERT_EQ(table.assign("a", one, id), MOELORA_OK) << table.text;
  }
  /// 1 of the first adapter, 2 of the other.
  int pages() const { return table.pair(0, 0, MOELORA_DOWN, 1).pages; }
  static const moelora_pair &pairOf(Word word) {
    return word.image().pairs(0, MOELORA_DOWN)[1];
  }
  moelora_lease lease() {
    moelora_lease lease = {};
    EXPECT_EQ(table.acquire("a", lease), MOELORA_OK) << table.text;
    return lease;
  }
};

} // namespace

TEST_F(Replace, keeps_id_and_name) {
  EXPECT_EQ(pages(), 1);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK) << table.text;
  EXPECT_EQ(pages(), 2);
  EXPECT_EQ(table.word(0).generation(), 0u);
  moelora_lease now = lease();
  EXPECT_EQ(now.id, id);
  EXPECT_EQ(now.version, 1);
  EXPECT_EQ(table.release(now), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 0u);
  EXPECT_EQ(table.stats().replaced, 1u);
}

TEST_F(Replace, old_pages_stay_for_steps_that_entered_before) {
  Step step(table.table);
  ASSERT_EQ(step.enter(), MOELORA_OK);
  ASSERT_EQ(step.resolve({id}), MOELORA_OK);
  const moelora_pair *old = &pairOf(step.word(0));
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 1u);
  EXPECT_GT(table.stats().retired_bytes, 0u);
  EXPECT_EQ(old->pages, 1); // still there
  ASSERT_EQ(step.leave(), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 0u);
  EXPECT_EQ(table.stats().retired_bytes, 0u);
}

// All layers of a step read what it has resolved.
TEST_F(Replace, is_not_seen_by_a_step_that_has_resolved) {
  Step step(table.table);
  ASSERT_EQ(step.enter(), MOELORA_OK);
  ASSERT_EQ(step.resolve({id}), MOELORA_OK);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  EXPECT_EQ(pairOf(step.word(0)).pages, 1);
  ASSERT_EQ(step.leave(), MOELORA_OK);
  EXPECT_EQ(pairOf(step.look(0)).pages, 2);
}

// A lease keeps the slot, and no memory.
TEST_F(Replace, of_a_leased_adapter_keeps_no_memory_without_steps) {
  moelora_lease before = lease();
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  ASSERT_EQ(table.replace(id, one), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 0u);
  EXPECT_EQ(table.info(0).version, 2);
  EXPECT_EQ(table.release(before), MOELORA_OK);
}

// A buffer that waits for the present steps does not wait for later ones.
TEST_F(Replace, twice_gives_back_in_order) {
  Step first(table.table), second(table.table);
  ASSERT_EQ(first.enter(), MOELORA_OK);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  ASSERT_EQ(second.enter(), MOELORA_OK);
  ASSERT_EQ(table.replace(id, one), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 2u);
  ASSERT_EQ(first.leave(), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 1u);
  ASSERT_EQ(second.leave(), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 0u);
}

TEST_F(Replace, comes_in_the_order_of_its_stream) {
  HeldStream stream;
  Step before(table.table), after(table.table);
  ASSERT_EQ(before.enter(stream.get()), MOELORA_OK);
  ASSERT_EQ(before.resolve({id}, stream.get()), MOELORA_OK);
  ASSERT_EQ(before.leave(stream.get()), MOELORA_OK);
  ASSERT_EQ(table.replace(id, two, stream.get()), MOELORA_OK);
  ASSERT_EQ(after.enter(stream.get()), MOELORA_OK);
  ASSERT_EQ(after.resolve({id}, stream.get()), MOELORA_OK);
  ASSERT_EQ(after.leave(stream.get()), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 1u);
  stream.letGo();
  EXPECT_EQ(table.stats().retired_buffers, 0u);
  EXPECT_EQ(pairOf(after.word(0)).pages, 2);
  EXPECT_NE(before.word(0).bits, after.word(0).bits);
}

TEST_F(Replace, steps_on_other_streams_come_after_it) {
  HeldStream stream, other;
  other.letGo();
  Step step(table.table);
  ASSERT_EQ(table.replace(id, two, stream.get()), MOELORA_OK);
  ASSERT_EQ(step.enter(other.get()), MOELORA_OK);
  ASSERT_EQ(step.resolve({id}, other.get()), MOELORA_OK);
  ASSERT_EQ(step.leave(other.get()), MOELORA_OK);
  stream.letGo();
  other.synchronize();
  EXPECT_EQ(pairOf(step.word(0)).pages, 2);
}

TEST_F(Replace, changes_on_other_streams_come_after_it) {
  HeldStream stream, other;
  other.letGo();
  ASSERT_EQ(table.replace(id, two, stream.get()), MOELORA_OK);
  EXPECT_EQ(table.evict(id), MOELORA_BUSY);
  ASSERT_EQ(table.enable(id, false, other.get()), MOELORA_OK);
  stream.letGo();
  other.synchronize();
  EXPECT_FALSE(table.published(0));
  ASSERT_EQ(table.enable(id, true, other.get()), MOELORA_OK);
  other.synchronize();
  EXPECT_EQ(pages(), 2);
}

// Without a stream a call is done when it returns, so it has to wait.
TEST_F(Replace, calls_without_a_stream_wait_for_it) {
  HeldStream stream;
  ASSERT_EQ(table.replace(id, two, stream.get()), MOELORA_OK);
  std::future<moelora_status> change = std::async([&] {
    return moelora_slot_table_enable(table.table, id, 0, nullptr, nullptr);
  });
  std::future<Word> step = std::async([&] { return table.word(0); });
  using namespace std::chrono_literals;
  EXPECT_EQ(change.wait_for(10ms), std::future_status::timeout);
  EXPECT_EQ(step.wait_for(10ms), std::future_status::timeout);
  moelora_lease held = lease(); // others do not
  EXPECT_EQ(table.release(held), MOELORA_OK);
  stream.letGo();
  EXPECT_EQ(change.get(), MOELORA_OK);
  step.get();
  EXPECT_FALSE(table.published(0));
}

TEST_F(Replace, of_a_disabled_adapter_stays_disabled) {
  ASSERT_EQ(table.enable(id, false), MOELORA_OK);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  EXPECT_FALSE(table.published(0));
  ASSERT_EQ(table.enable(id, true), MOELORA_OK);
  EXPECT_EQ(pages(), 2);
}

TEST_F(Replace, that_fails_changes_nothing) {
  Folder folder;
  Opened wide = packedAdapter(folder, 65);
  uint64_t word = table.word(0).bits;
  EXPECT_EQ(table.replace(id, wide), MOELORA_INVALID);
  EXPECT_EQ(table.word(0).bits, word);
  EXPECT_EQ(table.info(0).version, 0);
  EXPECT_EQ(table.stats().retired_buffers, 0u);
}

TEST_F(Replace, is_waited_for_by_the_end_of_the_table) {
  HeldStream stream;
  auto ending = std::make_unique<Table>();
  int32_t other = -1;
  ASSERT_EQ(ending->assign("a", one, other), MOELORA_OK);
  ASSERT_EQ(ending->replace(other, two, stream.get()), MOELORA_OK);
  std::future<void> end = std::async([&] { ending.reset(); });
  using namespace std::chrono_literals;
  EXPECT_EQ(end.wait_for(10ms), std::future_status::timeout);
  stream.letGo();
  end.get();
}
