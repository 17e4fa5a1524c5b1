/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Pages as generated code reads them: order, padding, rounding, sharing.
 */
#include "Pages.h"

using namespace moelora::test;

namespace {

template <typename T> void checkPages(int dtype, int rank) {
  Folder folder;
  Opened opened = packedAdapter(folder, rank);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  Table table(2, dtype);
  moelora_slot_cost estimate = {};
  moelora_slot_table_estimate(table.table, opened.get(), &estimate, nullptr);
  int32_t id = -1;
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK) << table.text;
  EXPECT_EQ(table.bytes(), estimate.bytes);
  Image image = table.published(0);
  for (int e = 0; e < experts; ++e)
    for (int p : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
      expectPages<T>(readPair(opened.get(), 0, p, e), image,
                     table.pair(0, 0, p, e));
  expectPages<T>(readPair(opened.get(), 2, MOELORA_UP, 1), image,
                 table.pair(0, 2, MOELORA_UP, 1));
  EXPECT_EQ(table.pair(0, 0, MOELORA_UP, 1).a,
            table.pair(0, 0, MOELORA_GATE, 1).a);
  EXPECT_EQ(table.pair(0, 0, MOELORA_UP, 1).flags, MOELORA_PAIR_SHARES_A);
  EXPECT_EQ(table.pair(0, 2, MOELORA_UP, 0).pages, 0u);
  EXPECT_EQ(image.pairs(2, MOELORA_DOWN), nullptr);
  EXPECT_EQ(image.pairs(1, MOELORA_UP), nullptr);
}

} // namespace

TEST(PagesOfSlots, order_padding_rounding) {
  checkPages<float>(MOELORA_F32, 2);
  checkPages<moelora::BF16>(MOELORA_BF16, 17);
  checkPages<moelora::F16>(MOELORA_F16, 16);
}

TEST(PagesOfSlots, kept_layers) {
  Folder folder;
  Opened opened = packedAdapter(folder, 2);
  const int32_t layer = 2;
  moelora_slot_table_options options = tableOptions(1);
  options.layers = &layer;
  options.layer_count = 1;
  Table table(options);
  int32_t id;
  ASSERT_EQ(table.assign("x", opened, id), MOELORA_OK);
  EXPECT_EQ(table.published(0).pairs(0, MOELORA_GATE), nullptr);
  EXPECT_EQ(table.pair(0, 2, MOELORA_UP, 1).pages, 1u);
}
