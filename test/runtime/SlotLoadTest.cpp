/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads: the bound on memory, and what is said of those that fail.
 */
#include "SlotDevice.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct Loads : testing::Test {
  Folder folder;
  Opened adapter = packedAdapter(folder, 2);
  moelora_slot_cost cost = {};

  void SetUp() override {
    Table table;
    ASSERT_EQ(table.call(moelora_slot_table_estimate, adapter.get(), &cost),
              MOELORA_OK);
  }
  moelora_slot_table_options bounded(uint64_t bytes) {
    moelora_slot_table_options options = tableOptions(4);
    options.max_bytes = bytes;
    return options;
  }
};

/// Failed loads as "status name id".
void note(void *context, const moelora_slot_event *event) {
  if (event->kind == MOELORA_SLOT_FAILED)
    static_cast<std::vector<std::string> *>(context)->push_back(
        std::to_string(event->status) + " " + event->name + " " +
        std::to_string(event->id));
}

} // namespace

// max_bytes used to count the version that was replaced.
TEST_F(Loads, replacing_in_a_full_table_is_no_matter_of_room) {
  Table table(bounded(cost.bytes));
  int32_t id = -1;
  ASSERT_EQ(table.assign("a", adapter, id), MOELORA_OK);
  Step step(table.table);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(step.enter(), MOELORA_OK); // it keeps the old version
    ASSERT_EQ(table.replace(id, adapter), MOELORA_OK) << table.text;
    ASSERT_EQ(step.leave(), MOELORA_OK);
  }
  EXPECT_EQ(table.stats().held.bytes, cost.bytes);
}

TEST_F(Loads, replacing_does_not_evict_a_neighbour) {
  Table table(bounded(2 * cost.bytes));
  int32_t a = -1, b = -1;
  ASSERT_EQ(table.assign("a", adapter, a), MOELORA_OK);
  ASSERT_EQ(table.assign("b", adapter, b), MOELORA_OK);
  ASSERT_EQ(table.replace(a, adapter), MOELORA_OK);
  EXPECT_EQ(table.stats().evictions, 0u);
  EXPECT_EQ(table.stats().used_slots, 2);
}

TEST_F(Loads, replacing_by_a_larger_one_makes_room) {
  Folder larger;
  Opened wide = packedAdapter(larger, 64);
  Table table(bounded(0));
  int32_t id = -1;
  ASSERT_EQ(table.assign("w", wide, id), MOELORA_OK);
  uint64_t most = table.bytes();
  ASSERT_GT(most, cost.bytes);
  Table tight(bounded(most));
  int32_t a = -1, b = -1;
  ASSERT_EQ(tight.assign("a", adapter, a), MOELORA_OK);
  ASSERT_EQ(tight.assign("b", adapter, b), MOELORA_OK);
  ASSERT_EQ(tight.replace(a, wide), MOELORA_OK) << tight.text;
  EXPECT_EQ(tight.stats().evictions, 1u); // b
  EXPECT_EQ(tight.bytes(), most);
}

// It used to name ''.
TEST_F(Loads, reset_names_the_adapter_that_is_being_loaded) {
  Table table;
  moelora_staged *staged = nullptr;
  ASSERT_EQ(table.call(moelora_slot_table_stage, "slow", -1, adapter.get(),
                       nullptr, &staged),
            MOELORA_OK);
  EXPECT_EQ(table.call(moelora_slot_table_reset), MOELORA_BUSY);
  EXPECT_THAT(table.text, HasSubstr("adapter 'slow' is being loaded"));
  moelora_staged_abandon(staged);
}

// The event of a failed replace used to have no name.
TEST_F(Loads, failures_are_told_with_name_and_id) {
  Folder bad;
  Opened wide = packedAdapter(bad, 65);
  Table table;
  int32_t id = -1, other = -1;
  std::vector<std::string> told;
  ASSERT_EQ(table.assign("a", adapter, other), MOELORA_OK);
  ASSERT_EQ(table.assign("b", adapter, id), MOELORA_OK);
  ASSERT_EQ(
      table.call(moelora_slot_table_observe, note, static_cast<void *>(&told)),
      MOELORA_OK);
  EXPECT_EQ(table.replace(id, wide), MOELORA_INVALID);
  EXPECT_EQ(table.replace(77, wide), MOELORA_STALE);
  EXPECT_EQ(table.assign("c", wide, other), MOELORA_INVALID);
  EXPECT_THAT(told, ElementsAre("1 b 1", "7  77", "1 c -1"));
}
