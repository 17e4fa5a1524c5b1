/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The statistics of a slot table: counters, costs and events; and the limit of
 * memory.
 */
#include "Tables.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct Stats : testing::Test {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  moelora_slot_cost cost = {};

  void SetUp() override {
    Table table;
    ASSERT_EQ(table.call(moelora_slot_table_estimate, opened.get(), &cost),
              MOELORA_OK)
        << table.text;
  }
};

moelora_slot_table_options bounded(int slots, uint64_t bytes) {
  moelora_slot_table_options options = tableOptions(slots);
  options.max_bytes = bytes;
  return options;
}

std::string tell(const moelora_slot_event &event) {
  static const char *const kinds[] = {"loaded",  "replaced", "evicted",
                                      "removed", "enabled",  "disabled",
                                      "failed"};
  return std::string(kinds[event.kind]) + " " + event.name + " " +
         std::to_string(event.id);
}

} // namespace

TEST_F(Stats, an_estimate_is_what_a_load_takes) {
  Table table;
  int32_t id = -1;
  ASSERT_EQ(table.assign("a", opened, id), MOELORA_OK);
  moelora_slot_table_stats stats = table.stats();
  EXPECT_EQ(stats.held.bytes, cost.bytes);
  EXPECT_EQ(stats.held.pages, cost.pages);
  EXPECT_EQ(stats.held.page_bytes, cost.page_bytes);
  EXPECT_EQ(stats.held.exact_bytes, cost.exact_bytes);
  EXPECT_EQ(stats.read_bytes, cost.read_bytes);
  EXPECT_EQ(table.info(0).cost.bytes, cost.bytes);
  // Rank 2 in pages of 16.
  EXPECT_EQ(cost.page_bytes, 8 * cost.exact_bytes);
  EXPECT_GE(cost.bytes, cost.page_bytes + cost.index_bytes);
}

TEST_F(Stats, count_what_happened) {
  Table table;
  int32_t a = -1, b = -1;
  moelora_lease lease = {};
  ASSERT_EQ(table.assign("a", opened, a), MOELORA_OK);
  ASSERT_EQ(table.assign("b", opened, b), MOELORA_OK);
  ASSERT_EQ(table.acquire("a", lease), MOELORA_OK);
  EXPECT_EQ(table.acquire("c", lease), MOELORA_NOT_FOUND);
  EXPECT_EQ(table.evict(a), MOELORA_BUSY);
  EXPECT_EQ(table.evict(b), MOELORA_OK);
  moelora_slot_table_stats stats = table.stats();
  EXPECT_EQ(stats.slots, 2);
  EXPECT_EQ(stats.used_slots, 1);
  EXPECT_EQ(stats.leased_slots, 1);
  EXPECT_EQ(stats.hits, 1u);
  EXPECT_EQ(stats.misses, 1u);
  EXPECT_EQ(stats.busy, 1u);
  EXPECT_EQ(stats.loads, 2u);
  EXPECT_EQ(stats.removals, 1u);
  EXPECT_GT(stats.longest_stage_ns, 0u);
  EXPECT_GE(stats.longest_publish_ns, stats.publish_ns);
}

TEST_F(Stats, memory_is_bounded) {
  Table table(bounded(4, 2 * cost.bytes));
  int32_t id = -1;
  moelora_lease lease = {};
  ASSERT_EQ(table.assign("a", opened, id), MOELORA_OK);
  ASSERT_EQ(table.assign("b", opened, id), MOELORA_OK);
  ASSERT_EQ(table.assign("c", opened, id), MOELORA_OK); // a is evicted
  EXPECT_EQ(table.stats().evictions, 1u);
  EXPECT_EQ(table.acquire("a", lease), MOELORA_NOT_FOUND);
  EXPECT_EQ(table.stats().held.bytes, 2 * cost.bytes);
  ASSERT_EQ(table.acquire("b", lease), MOELORA_OK);
  ASSERT_EQ(table.assign("d", opened, id), MOELORA_OK); // c is evicted
  EXPECT_EQ(table.acquire("c", lease), MOELORA_NOT_FOUND);
  ASSERT_EQ(table.acquire("d", lease), MOELORA_OK);
  EXPECT_EQ(table.assign("e", opened, id), MOELORA_FULL);
  EXPECT_THAT(table.text, HasSubstr("no memory below max_bytes is free"));
  EXPECT_EQ(table.stats().used_slots, 2);
}

TEST_F(Stats, an_adapter_above_the_bound_is_refused) {
  Table table(bounded(4, cost.bytes - 1));
  int32_t id = -7;
  EXPECT_EQ(table.assign("a", opened, id), MOELORA_INVALID);
  EXPECT_THAT(table.text, HasSubstr("an adapter of at most max_bytes"));
}

TEST_F(Stats, events_are_told_to_the_observer) {
  Table table;
  std::vector<std::string> told;
  moelora_slot_table_observe(
      table.table,
      [](void *context, const moelora_slot_event *event) {
        static_cast<std::vector<std::string> *>(context)->push_back(
            tell(*event));
      },
      &told, nullptr);
  int32_t id = -1;
  ASSERT_EQ(table.assign("a", opened, id), MOELORA_OK);
  ASSERT_EQ(table.assign("b", opened, id), MOELORA_OK);
  ASSERT_EQ(table.assign("c", opened, id), MOELORA_OK);
  ASSERT_EQ(table.replace(id, opened), MOELORA_OK);
  ASSERT_EQ(table.enable(id, false), MOELORA_OK);
  ASSERT_EQ(table.enable(id, true), MOELORA_OK);
  EXPECT_EQ(table.assign("b", opened, id), MOELORA_INVALID);
  ASSERT_EQ(table.evict(1), MOELORA_OK);
  moelora_slot_table_observe(table.table, nullptr, nullptr, nullptr);
  ASSERT_EQ(table.assign("d", opened, id), MOELORA_OK);
  EXPECT_THAT(told, ElementsAre("loaded a 0", "loaded b 1", "evicted a 0",
                                "loaded c 2", "replaced c 2", "disabled c 2",
                                "enabled c 2", "failed b -1", "removed b 1"));
}

TEST_F(Stats, events_say_whether_an_adapter_changes_anything) {
  Table table;
  std::vector<int32_t> told;
  moelora_slot_table_observe(
      table.table,
      [](void *context, const moelora_slot_event *event) {
        static_cast<std::vector<int32_t> *>(context)->push_back(event->neutral);
      },
      &told, nullptr);
  Opened zeros;
  moelora_adapter *dummy = nullptr;
  ASSERT_EQ(moelora_adapter_make_dummy(usualTarget(), 2, &dummy, nullptr),
            MOELORA_OK);
  zeros.adapter.reset(dummy);
  int32_t id = -1;
  ASSERT_EQ(table.assign("a", opened, id), MOELORA_OK);
  ASSERT_EQ(table.replace(id, zeros), MOELORA_OK);
  ASSERT_EQ(table.replace(id, opened), MOELORA_OK);
  ASSERT_EQ(table.assign("zeros", zeros, id), MOELORA_OK);
  EXPECT_THAT(told, ElementsAre(0, 1, 0, 1));
  moelora_slot_table_observe(table.table, nullptr, nullptr, nullptr);
}

TEST_F(Stats, an_observer_may_call_the_table) {
  struct Watch {
    Table table;
    int32_t used = -1;
  } watch;
  moelora_slot_table_observe(
      watch.table.table,
      [](void *context, const moelora_slot_event *) {
        Watch *watch = static_cast<Watch *>(context);
        watch->used = watch->table.stats().used_slots;
      },
      &watch, nullptr);
  int32_t id = -1;
  ASSERT_EQ(watch.table.assign("a", opened, id), MOELORA_OK);
  EXPECT_EQ(watch.used, 1);
}
