/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table for the layer written by hand, to look at what tenants get.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_TRAPTABLE_H
#define MOELORA_TEST_RUNTIME_HOSTILE_TRAPTABLE_H

#include "LayerRun.h"
#include "slots/SlotTableState.h"

#include <gtest/gtest.h>

namespace moelora::test {

/// An adapter for the layer, of another seed for each tenant.
inline Draft tenant(unsigned seed, int64_t rank = 8, Form form = Form::Plain) {
  return Draft({form, MOELORA_BF16, rank, layerSizes(), seed});
}

/// Overwrites all values of the tensors whose name has `part` with NaN.
inline void spoil(Draft &draft, const std::string &part) {
  for (const Entry &entry : draft.entries)
    if (entry.name.find(part) != std::string::npos)
      for (uint64_t at = entry.begin; at < entry.end; at += 2)
        draft.data.replace(at, 2, "\xc0\x7f");
}

inline bool hasNaN(const Row &row) {
  for (uint16_t value : row)
    if ((value & 0x7fff) > 0x7f80)
      return true;
  return false;
}

struct TrapTable {
  explicit TrapTable(int32_t slots = 4) {
    moelora_slot_table_options options{};
    options.size = sizeof options;
    options.slots = slots;
    options.max_rank = 64;
    options.dtype = MOELORA_BF16;
    options.page_order = MOELORA_PAGE_ROW_MAJOR;
    Target target{SizedModel(layerSizes())};
    options.target = target.get();
    EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  }
  ~TrapTable() {
    EXPECT_EQ(moelora_slot_table_destroy(table, nullptr), MOELORA_OK);
  }

  moelora_status assign(const char *name, const Draft &draft, int32_t &id) {
    Folder folder;
    draft.write(folder);
    Opened opened = open(folder, SizedModel(draft.recipe.sizes));
    EXPECT_EQ(opened.status, MOELORA_OK) << opened.text;
    return moelora_slot_table_assign(table, name, opened.get(), nullptr, &id,
                                     nullptr);
  }
  /// The id; it must go well.
  int32_t load(const char *name, const Draft &draft) {
    int32_t id = -1;
    EXPECT_EQ(assign(name, draft, id), MOELORA_OK);
    return id;
  }
  moelora_lease acquire(const char *name) {
    moelora_lease lease{};
    EXPECT_EQ(moelora_slot_table_acquire(table, name, &lease, nullptr),
              MOELORA_OK);
    return lease;
  }
  void evict(int32_t id) {
    EXPECT_EQ(moelora_slot_table_evict(table, id, nullptr), MOELORA_OK);
  }
  moelora_run_stats counters() {
    moelora_slot_table_stats stats{};
    stats.size = sizeof stats;
    EXPECT_EQ(moelora_slot_table_read_stats(table, &stats, nullptr),
              MOELORA_OK);
    return stats.runs;
  }
  /// The slot of an id of this table.
  int32_t slotOf(int32_t id) const {
    return id & ((1 << table->indexBits) - 1);
  }
  int32_t idOf(int32_t slot, int32_t generation) const {
    return generation << table->indexBits | slot;
  }

  moelora_slot_table *table = nullptr;
  LayerRun layer;
};

/// All traps are one suite, each with a table of its own.
struct Traps : testing::Test, TrapTable {
  /// The output of this token without adapters.
  Row base(size_t token) { return layer(nullptr, {-1}, token)[0]; }
  Row alone(int32_t id, size_t token) { return layer(table, {id}, token)[0]; }
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_TRAPTABLE_H
