/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Leases: which adapters they keep, the order of eviction, and the meaning of
 * full, busy and idle.
 */
#include "Streams.h"
#include "Tables.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// A table of two slots and an adapter to fill them with.
struct Leases : testing::Test {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table;

  int32_t put(const char *name) {
    int32_t id = -1;
    EXPECT_EQ(table.assign(name, opened, id), MOELORA_OK) << table.text;
    return id;
  }
  moelora_status tryPut(const char *name) {
    int32_t id = -1;
    return table.assign(name, opened, id);
  }
  moelora_lease lease(const char *name) {
    moelora_lease lease = {};
    EXPECT_EQ(table.acquire(name, lease), MOELORA_OK) << table.text;
    return lease;
  }
};

} // namespace

TEST_F(Leases, hold_the_slot) {
  int32_t id = put("a");
  moelora_lease one = lease("a"), two = lease("a");
  EXPECT_EQ(one.id, id);
  EXPECT_EQ(table.info(0).leases, 2);
  EXPECT_EQ(table.evict(id), MOELORA_BUSY);
  EXPECT_THAT(table.text, HasSubstr("'a' is leased"));
  EXPECT_EQ(table.release(one), MOELORA_OK);
  EXPECT_EQ(table.evict(id), MOELORA_BUSY);
  EXPECT_EQ(table.release(two), MOELORA_OK);
  EXPECT_EQ(table.release(two), MOELORA_STALE);
  EXPECT_EQ(table.evict(id), MOELORA_OK);
  moelora_lease none = {};
  EXPECT_EQ(table.acquire("a", none), MOELORA_NOT_FOUND);
  EXPECT_EQ(table.acquire(nullptr, none), MOELORA_NOT_FOUND);
}

TEST_F(Leases, of_an_earlier_tenant_are_stale) {
  int32_t id = put("a");
  moelora_lease old = lease("a");
  EXPECT_EQ(table.release(old), MOELORA_OK);
  EXPECT_EQ(table.evict(id), MOELORA_OK);
  put("b"); // the same slot
  moelora_lease now = lease("b");
  EXPECT_EQ(table.release(old), MOELORA_STALE);
  EXPECT_EQ(table.info(0).leases, 1);
  EXPECT_EQ(table.release({now.pin | 0xffff, now.id, 0}), MOELORA_STALE);
  EXPECT_EQ(table.release(now), MOELORA_OK);
}

TEST_F(Leases, double_releases_are_told) {
  put("a");
  moelora_lease one = lease("a"), two = lease("a");
  EXPECT_EQ(table.release(one), MOELORA_OK);
  EXPECT_EQ(table.release(one), MOELORA_STALE); // although two is out
  EXPECT_EQ(table.info(0).leases, 1);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(table.release(lease("a")), MOELORA_OK);
  EXPECT_EQ(table.release(two), MOELORA_OK); // it is old, but out
  EXPECT_EQ(table.release(two), MOELORA_STALE);
}

TEST_F(Leases, idle_waits_for_steps_from_before_the_release) {
  int32_t id = put("a");
  HeldStream stream;
  Step step(table.table);
  moelora_lease held = lease("a");
  ASSERT_EQ(step.enter(stream.get()), MOELORA_OK);
  ASSERT_EQ(step.leave(stream.get()), MOELORA_OK);
  EXPECT_EQ(table.release(held), MOELORA_OK);
  EXPECT_EQ(table.info(0).leases, 0);
  EXPECT_EQ(table.info(0).idle, 0);
  EXPECT_EQ(table.evict(id), MOELORA_BUSY);
  EXPECT_THAT(table.text, HasSubstr("a step from before its release"));
  stream.letGo();
  EXPECT_EQ(table.evict(id), MOELORA_OK);
}

TEST_F(Leases, idle_waits_for_all_such_steps) {
  int32_t id = put("a");
  HeldStream first, second;
  Step one(table.table), two(table.table);
  moelora_lease held = lease("a");
  for (auto [step, stream] :
       {std::pair(&one, &first), std::pair(&two, &second)}) {
    ASSERT_EQ(step->enter(stream->get()), MOELORA_OK);
    ASSERT_EQ(step->leave(stream->get()), MOELORA_OK);
  }
  EXPECT_EQ(table.release(held), MOELORA_OK);
  second.letGo();
  EXPECT_EQ(table.evict(id), MOELORA_BUSY);
  first.letGo();
  EXPECT_EQ(table.evict(id), MOELORA_OK);
}

TEST_F(Leases, steps_from_after_the_release_hold_memory_and_no_slot) {
  int32_t id = put("a");
  Step step(table.table);
  EXPECT_EQ(table.release(lease("a")), MOELORA_OK);
  ASSERT_EQ(step.enter(), MOELORA_OK);
  ASSERT_EQ(step.resolve({id}), MOELORA_OK); // without a lease
  Image image = step.word(0).image();
  EXPECT_EQ(table.evict(id), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 1u);
  EXPECT_NE(image.pairs(0, MOELORA_UP), nullptr); // still there
  ASSERT_EQ(step.leave(), MOELORA_OK);
  EXPECT_EQ(table.stats().retired_buffers, 0u);
}

TEST_F(Leases, least_recently_used_goes_first) {
  int32_t a = put("a");
  put("b");
  EXPECT_EQ(table.release(lease("a")), MOELORA_OK); // b was used before a
  int32_t c = put("c");
  EXPECT_EQ(c, 1 << 1 | 1);
  EXPECT_EQ(table.info(0).name, std::string("a"));
  EXPECT_EQ(table.info(1).name, std::string("c"));
  EXPECT_EQ(table.stats().evictions, 1u);
  EXPECT_EQ(table.evict(1), MOELORA_STALE);
  EXPECT_EQ(table.evict(a), MOELORA_OK);
}

TEST_F(Leases, what_is_leased_or_in_flight_never_goes) {
  put("a"), put("b");
  HeldStream stream;
  Step step(table.table);
  moelora_lease a = lease("a"), b = lease("b");
  EXPECT_EQ(tryPut("c"), MOELORA_FULL);
  EXPECT_THAT(table.text, HasSubstr("all 2 are taken, and none is idle"));
  ASSERT_EQ(step.enter(stream.get()), MOELORA_OK);
  ASSERT_EQ(step.leave(stream.get()), MOELORA_OK);
  EXPECT_EQ(table.release(a), MOELORA_OK);
  EXPECT_EQ(tryPut("c"), MOELORA_FULL);
  stream.letGo();
  uint64_t word = table.word(1).bits;
  EXPECT_EQ(tryPut("c"), MOELORA_OK);
  EXPECT_EQ(table.info(0).name, std::string("c"));
  EXPECT_EQ(table.word(1).bits, word);
  EXPECT_EQ(table.release(b), MOELORA_OK);
  EXPECT_EQ(table.stats().full, 2u);
}

TEST_F(Leases, reset_is_all_or_nothing) {
  put("a"), put("b");
  moelora_lease held = lease("b");
  EXPECT_EQ(table.call(moelora_slot_table_reset), MOELORA_BUSY);
  EXPECT_EQ(table.stats().used_slots, 2);
  EXPECT_EQ(table.release(held), MOELORA_OK);
  EXPECT_EQ(table.call(moelora_slot_table_reset), MOELORA_OK);
  EXPECT_EQ(table.stats().used_slots, 0);
  EXPECT_EQ(table.stats().held.bytes, 0u);
  EXPECT_EQ(table.word(0).generation(), 1u);
  EXPECT_FALSE(table.published(0));
  EXPECT_EQ(put("a"), 1 << 1);
}

TEST_F(Leases, neither_a_failed_nor_a_full_load_evicts) {
  Folder bad;
  Opened wide = packedAdapter(bad, 65);
  put("a"), put("b");
  int32_t id = -7;
  EXPECT_EQ(table.assign("wide", wide, id), MOELORA_INVALID);
  EXPECT_EQ(table.stats().evictions, 0u);
  EXPECT_EQ(table.stats().used_slots, 2);
  EXPECT_EQ(table.stats().failed_loads, 1u);
}
