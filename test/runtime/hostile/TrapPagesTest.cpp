/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adjacent experts and tenants: an access to a wrong rank, expert or adapter
 * reads a NaN.
 */
#include "../Image.h"
#include "TrapTable.h"
#include "base/Word.h"

#include <cstring>

using namespace moelora::test;

TEST_F(Traps, ranks_with_canaries_between_experts) {
  for (Form form : {Form::Plain, Form::Natural, Form::Transposed})
    for (int64_t rank : {1, 2, 3, 4, 8, 12, 20}) {
      SCOPED_TRACE(std::string(formName(form)) + " " + std::to_string(rank));
      Draft clean = tenant(3, rank, form), canaries = clean;
      for (const char *expert : {"experts.1.", "experts.3.", "experts.5."})
        spoil(canaries, expert);
      TrapTable both;
      int32_t good = both.load("clean", clean),
              bad = both.load("canaries", canaries);
      for (int32_t e : {0, 2, 4}) {
        Row row = both.layer.withExperts(both.table, bad, e, (e + 2) % 6);
        EXPECT_FALSE(hasNaN(row)) << e;
        EXPECT_EQ(row,
                  both.layer.withExperts(both.table, good, e, (e + 2) % 6));
      }
      Row canary = both.layer.withExperts(both.table, bad, 3, 0);
      EXPECT_EQ(hasNaN(canary), form == Form::Plain);
    }
}

TEST_F(Traps, nan_stays_with_its_tenant) {
  TrapTable all;
  Draft poison = tenant(2);
  spoil(poison, "lora_B");
  int32_t a = all.load("a", tenant(1)), b = all.load("b", poison),
          c = all.load("c", tenant(3));
  std::vector<Row> rows = all.layer(all.table, {a, b, -1, b, c});
  EXPECT_TRUE(hasNaN(rows[1]) && hasNaN(rows[3]));
  all.evict(b);
  std::vector<Row> without = all.layer(all.table, {a, -1, -1, -1, c});
  for (size_t t : {0u, 2u, 4u}) {
    EXPECT_FALSE(hasNaN(rows[t]));
    EXPECT_EQ(rows[t], without[t]);
  }
}

TEST_F(Traps, slot_after_a_tenant_of_nan_is_clean) {
  TrapTable table, fresh;
  Draft poison = tenant(1, 64, Form::AllLinear);
  spoil(poison, "lora_");
  for (int i = 0; i < 4; ++i)
    table.load(std::string(1, static_cast<char>('a' + i)).c_str(), poison);
  ASSERT_EQ(moelora_slot_table_reset(table.table, nullptr), MOELORA_OK);
  // Ranks that are no multiple of 16, on pages that may have been poisoned.
  Draft next = tenant(2, 3);
  int32_t id = table.load("next", next), there = fresh.load("next", next);
  EXPECT_EQ(table.layer(table.table, {id, -1}),
            fresh.layer(fresh.table, {there, -1}));
}

TEST_F(Traps, local_experts_are_not_global_ones) {
  Folder folder;
  Draft draft = tenant(1, 5);
  draft.write(folder);
  Opened opened = open(folder, SizedModel(draft.recipe.sizes));
  TrapTable whole;
  whole.load("x", draft);
  const int32_t local[] = {4, 1};
  moelora_slot_table_options options{};
  options.size = sizeof options;
  options.slots = 1;
  options.max_rank = 64;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.target = opened.target->get();
  options.experts = local;
  options.expert_count = 2;
  moelora_slot_table *part = nullptr;
  ASSERT_EQ(moelora_slot_table_create(&options, &part, nullptr), MOELORA_OK);
  int32_t id = -1;
  ASSERT_EQ(
      moelora_slot_table_assign(part, "x", opened.get(), nullptr, &id, nullptr),
      MOELORA_OK);
  auto imageOf = [](const moelora_slot_table *table) {
    uint64_t address = moelora::addressOfWord(table->words()[0]);
    return Image(reinterpret_cast<const void *>(address));
  };
  Image mine = imageOf(part), all = imageOf(whole.table);
  for (int p : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
    for (int i = 0; i < 2; ++i) {
      const moelora_pair &here = mine.pairs(0, p)[i],
                         &there = all.pairs(0, p)[local[i]],
                         &other = all.pairs(0, p)[i];
      ASSERT_EQ(here.pages, 1);
      size_t row = 24 * sizeof(uint16_t); // no projection has fewer inputs
      EXPECT_EQ(std::memcmp(mine.at(here.a), all.at(there.a), 5 * row), 0);
      EXPECT_EQ(std::memcmp(mine.at(here.b), all.at(there.b), row), 0);
      EXPECT_EQ(std::memcmp(mine.at(here.a), all.at(other.a), row) == 0,
                local[i] == i);
    }
  EXPECT_EQ(moelora_slot_table_destroy(part, nullptr), MOELORA_OK);
}
