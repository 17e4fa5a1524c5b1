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
  EXPECT_EQ(table.published(0), nullptr);
  ASSERT_EQ(table.assign("third", opened, again), MOELORA_OK);
  EXPECT_EQ(again, 1 << 16); // slot 0, generation 1
  EXPECT_EQ(table.entry(0) >> 48, 1u);
  for (int32_t stale : {first, -1, 2, 1 << 17, INT32_MIN, INT32_MAX}) {
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

TEST(SlotTable, generations_wrap) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.gate"), 1, hidden, experts);
  writeAdapter(folder, config(1, 1), tensors);
  Opened opened = open(folder, Model());
  Table table(1);
  int32_t id = -1;
  for (int i = 0; i <= 32768; ++i) {
    ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
    ASSERT_EQ(id, i % 32768 << 16);
    ASSERT_EQ(table.evict(id), MOELORA_OK);
  }
}

TEST(SlotTable, disabled_serves_base) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  Table table;
  int32_t id;
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
  const moelora_adapter_index *before = table.published(0);
  EXPECT_EQ(table.enable(id, false), MOELORA_OK);
  EXPECT_EQ(table.published(0), nullptr);
  EXPECT_EQ(table.enable(id, true), MOELORA_OK);
  EXPECT_EQ(table.published(0), before);
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
  EXPECT_EQ(table.entry(1), 0u);
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
  EXPECT_TRUE(refused([](auto &o) { o.slots = 0; }));
  EXPECT_TRUE(refused([](auto &o) { o.slots = 65537; }));
  EXPECT_TRUE(refused([](auto &o) { o.max_rank = 0; }));
  EXPECT_TRUE(refused([](auto &o) { o.dtype = MOELORA_F64; }));
  EXPECT_TRUE(refused([](auto &o) { o.page_order = 0; }));
}
