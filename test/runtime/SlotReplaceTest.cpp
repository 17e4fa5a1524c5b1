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
  uint32_t rank() const { return table.pair(0, 0, MOELORA_DOWN, 1).rank; }
  moelora_lease lease() {
    moelora_lease lease = {};
    EXPECT_EQ(table.acquire("a", lease), MOELORA_OK) << table.text;
    return lease;
  }
};

} // namespace

TEST_F(Replace, keeps_id_and_name) {
  EXPECT_EQ(rank(), 2u);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK) << table.text;
  EXPECT_EQ(rank(), 17u);
  EXPECT_EQ(table.entry(0) >> 48, 0u);
  moelora_lease now = lease();
  EXPECT_EQ(now.id, id);
  EXPECT_EQ(now.version, 1);
  EXPECT_EQ(table.release(now), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 0u);
  EXPECT_EQ(table.stats().replaced, 1u);
}

TEST_F(Replace, old_pages_stay_for_those_who_leased_before) {
  moelora_lease before = lease();
  const moelora_pair *old = &table.pair(0, 0, MOELORA_DOWN, 1);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  moelora_lease after = lease();
  EXPECT_EQ(table.release(after), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 1u);
  EXPECT_GT(table.stats().retired_bytes, 0u);
  EXPECT_EQ(old->rank, 2u); // still there
  EXPECT_EQ(table.release(before), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 0u);
  EXPECT_EQ(table.stats().retired_bytes, 0u);
}

// A lease from before the first of two replacements may read any of the three
// versions, one from between them the last two.
TEST_F(Replace, twice_gives_back_in_order) {
  moelora_lease first = lease();
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  moelora_lease second = lease();
  ASSERT_EQ(table.replace(id, one), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 2u);
  EXPECT_EQ(table.release(second), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 2u);
  EXPECT_EQ(table.release(first), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 0u);
  EXPECT_EQ(table.info(0).version, 2);
}

TEST_F(Replace, comes_in_the_order_of_its_stream) {
  HeldStream stream;
  moelora_lease before = lease();
  ASSERT_EQ(table.replace(id, two, stream.get()), MOELORA_OK);
  EXPECT_EQ(rank(), 2u); // not done yet
  EXPECT_EQ(table.release(before, stream.get()), MOELORA_OK);
  // Until the store is done, a new lease may still meet the old version.
  moelora_lease between = lease();
  stream.letGo();
  EXPECT_EQ(rank(), 17u);
  EXPECT_EQ(table.stats().retired_blocks, 1u);
  EXPECT_EQ(table.release(between), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_blocks, 0u);
}

TEST_F(Replace, another_stream_has_to_wait) {
  HeldStream first, second;
  ASSERT_EQ(table.replace(id, two, first.get()), MOELORA_OK);
  EXPECT_EQ(table.enable(id, false, second.get()), MOELORA_BUSY);
  EXPECT_THAT(table.text, HasSubstr("still on its way on another"));
  EXPECT_EQ(table.enable(id, false), MOELORA_BUSY);
  EXPECT_EQ(table.replace(id, one, second.get()), MOELORA_BUSY);
  EXPECT_EQ(table.evict(id), MOELORA_BUSY);
  EXPECT_EQ(table.enable(id, false, first.get()), MOELORA_OK);
  first.letGo();
  EXPECT_EQ(table.published(0), nullptr);
  EXPECT_EQ(table.enable(id, true, second.get()), MOELORA_OK);
  second.letGo();
  EXPECT_EQ(rank(), 17u);
}

TEST_F(Replace, of_a_disabled_adapter_stays_disabled) {
  ASSERT_EQ(table.enable(id, false), MOELORA_OK);
  ASSERT_EQ(table.replace(id, two), MOELORA_OK);
  EXPECT_EQ(table.published(0), nullptr);
  ASSERT_EQ(table.enable(id, true), MOELORA_OK);
  EXPECT_EQ(rank(), 17u);
}

TEST_F(Replace, that_fails_changes_nothing) {
  Folder folder;
  Opened wide = packedAdapter(folder, 65);
  uint64_t entry = table.entry(0);
  EXPECT_EQ(table.replace(id, wide), MOELORA_INVALID);
  EXPECT_EQ(table.entry(0), entry);
  EXPECT_EQ(table.info(0).version, 0);
  EXPECT_EQ(table.stats().retired_blocks, 0u);
}

TEST(SlotTableEnd, waits_for_streams_that_were_named) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  HeldStream stream;
  auto table = std::make_unique<Table>();
  int32_t id = -1;
  moelora_lease lease = {};
  ASSERT_EQ(table->assign("a", opened, id), MOELORA_OK);
  ASSERT_EQ(table->acquire("a", lease), MOELORA_OK);
  ASSERT_EQ(table->release(lease, stream.get()), MOELORA_OK);
  std::future<void> end = std::async([&] { table.reset(); });
  using namespace std::chrono_literals;
  EXPECT_EQ(end.wait_for(10ms), std::future_status::timeout);
  stream.letGo();
  end.get();
}
