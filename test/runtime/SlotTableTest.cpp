/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slot table: ids and their generations, pins, and loads that fail.
 */
#include "Tables.h"

#include <filesystem>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

TEST(SlotTable, ids) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table;
  int32_t first = -1, second = -1, again = -1;
  ASSERT_EQ(table.assign("first", opened, first), MOELORA_OK);
  ASSERT_EQ(table.assign("second", opened, second), MOELORA_OK);
  EXPECT_EQ(first, 0); // generation 0 is a plain index
  EXPECT_EQ(second, 1);
  EXPECT_EQ(table.assign("first", opened, again), MOELORA_INVALID);
  EXPECT_EQ(table.evict(first), MOELORA_OK);
  EXPECT_FALSE(table.published(0));
  ASSERT_EQ(table.assign("third", opened, again), MOELORA_OK);
  EXPECT_EQ(again, 1 << 1); // slot 0, generation 1
  EXPECT_EQ(table.word(0).generation(), 1u);
  for (int32_t stale : {first, -1, 3, 1 << 17, INT32_MIN, INT32_MAX}) {
    EXPECT_EQ(table.evict(stale), MOELORA_STALE);
    EXPECT_EQ(table.enable(stale, false), MOELORA_STALE);
    EXPECT_EQ(table.replace(stale, opened), MOELORA_STALE);
  }
  EXPECT_EQ(table.stats().stale_calls, 18u);
}

TEST(SlotTable, names) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table;
  int32_t id = -7;
  EXPECT_EQ(table.assign("", opened, id), MOELORA_INVALID);
  EXPECT_EQ(table.assign(nullptr, opened, id), MOELORA_INVALID);
  std::string longest(MOELORA_MAX_SLOT_NAME, 'n'), longer = longest + "n";
  EXPECT_EQ(table.assign(longer.c_str(), opened, id), MOELORA_INVALID);
  EXPECT_THAT(table.text, HasSubstr("1 to 255 bytes, but it has 256"));
  EXPECT_EQ(id, -7);
  ASSERT_EQ(table.assign(longest.c_str(), opened, id), MOELORA_OK);
  EXPECT_EQ(table.info(0).name, longest);
}

// A table of this many slots has the fewest generations.
TEST(SlotTable, ids_never_come_back) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.gate"), 1, hidden, experts);
  writeAdapter(folder, config(1, 1), tensors);
  Opened opened = open(folder, Model());
  Table table(65536);
  int32_t id = -1;
  for (int i = 0; i < 32768; ++i) {
    ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
    ASSERT_EQ(id, i << 16);
    ASSERT_EQ(table.evict(id), MOELORA_OK);
  }
  EXPECT_EQ(table.info(0).state, MOELORA_SLOT_CLOSED);
  EXPECT_EQ(table.stats().closed_slots, 1);
  EXPECT_FALSE(table.published(0));
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
  EXPECT_EQ(id, 1); // the next slot
  EXPECT_EQ(table.evict(0), MOELORA_STALE);
}

TEST(SlotTable, ids_have_the_bits_that_slots_need) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  const std::pair<int, int> cases[] = {{1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}};
  for (auto [slots, bits] : cases) {
    Table table(slots);
    int32_t id = -1;
    ASSERT_EQ(table.assign("a", opened, id), MOELORA_OK);
    ASSERT_EQ(table.evict(id), MOELORA_OK);
    ASSERT_EQ(table.assign("a", opened, id), MOELORA_OK);
    EXPECT_EQ(id, 1 << bits);
    EXPECT_EQ(Step(table.table).view().index_bits, bits);
  }
}

TEST(SlotTable, is_not_destroyed_while_it_is_used) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table;
  Step step(table.table);
  EXPECT_EQ(table.call(moelora_slot_table_destroy), MOELORA_BUSY);
  EXPECT_THAT(table.text, HasSubstr("nobody uses, but it has 1 steps"));
  int32_t id = -1;
  EXPECT_EQ(table.assign("x", opened, id), MOELORA_OK); // it goes on
}

TEST(SlotTable, disabled_serves_base) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table;
  int32_t id;
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
  Image before = table.published(0);
  EXPECT_EQ(table.enable(id, false), MOELORA_OK);
  EXPECT_FALSE(table.published(0));
  EXPECT_EQ(table.enable(id, true), MOELORA_OK);
  EXPECT_TRUE(table.published(0) == before);
}

TEST(SlotTable, failed_load_changes_nothing) {
  Folder good, bad;
  Opened opened = packedAdapter(good, 2), wide = packedAdapter(bad, 17);
  Table table(2, MOELORA_BF16, 16);
  int32_t id = -1, other = -7;
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
  uint64_t bytes = table.bytes();
  EXPECT_EQ(table.assign("wide", wide, other), MOELORA_INVALID);
  EXPECT_THAT(table.text, HasSubstr("has rank 17 and max_rank is 16"));
  Opened cut = packedAdapter(bad, 2);
  std::string path = bad / "adapter_model.safetensors";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  EXPECT_EQ(table.assign("cut", cut, other), MOELORA_IO);
  EXPECT_THAT(table.text, HasSubstr("is truncated"));
  EXPECT_EQ(other, -7);
  EXPECT_EQ(table.bytes(), bytes);
  EXPECT_EQ(table.word(1).bits, 0u);
  EXPECT_EQ(table.assign("cut", opened, other), MOELORA_OK);
  EXPECT_EQ(other, 1);
}

TEST(SlotTable, options) {
  auto refused = [&](auto change) {
    moelora_slot_table_options options = tableOptions(1);
    change(options);
    moelora_slot_table *table = nullptr;
    return moelora_slot_table_create(&options, &table, nullptr) ==
               MOELORA_INVALID &&
           !table;
  };
  EXPECT_TRUE(refused([](auto &o) { o.size = 0; }));
  EXPECT_TRUE(refused(
      [](auto &o) { o.size = offsetof(moelora_slot_table_options, device); }));
  EXPECT_TRUE(refused([](auto &o) { o.slots = 0; }));
  EXPECT_TRUE(refused([](auto &o) { o.slots = 65537; }));
  EXPECT_TRUE(refused([](auto &o) { o.max_rank = 0; }));
  EXPECT_TRUE(refused([](auto &o) { o.dtype = MOELORA_F64; }));
  EXPECT_TRUE(refused([](auto &o) { o.page_order = 0; }));
}

// Callers with older headers receive the fields that they know. Fields of newer
// headers are refused.
TEST(SlotTable, structs_may_grow) {
  struct {
    moelora_slot_table_options options;
    uint64_t later;
  } newer = {tableOptions(1), 0};
  newer.options.size = sizeof newer;
  moelora_slot_table *table = nullptr;
  ASSERT_EQ(moelora_slot_table_create(&newer.options, &table, nullptr),
            MOELORA_OK);
  struct {
    moelora_slot_info info;
    uint64_t later;
  } info = {{}, 7};
  info.info.size = sizeof info;
  EXPECT_EQ(moelora_slot_table_inspect(table, 0, &info.info, nullptr),
            MOELORA_OK);
  EXPECT_EQ(info.later, 0u);
  EXPECT_EQ(moelora_slot_table_destroy(table, nullptr), MOELORA_OK);
  newer.later = 1;
  EXPECT_EQ(moelora_slot_table_create(&newer.options, &table, nullptr),
            MOELORA_INVALID);
  moelora_slot_table_options older = tableOptions(1);
  older.size = offsetof(moelora_slot_table_options, shared_rank);
  older.shared_rank = 9; // is not read
  EXPECT_EQ(moelora_slot_table_create(&older, &table, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_slot_table_destroy(table, nullptr), MOELORA_OK);
}
