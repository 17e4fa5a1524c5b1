/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table and an adapter for it.
 */
#ifndef MOELORA_TEST_RUNTIME_TABLES_H
#define MOELORA_TEST_RUNTIME_TABLES_H

#include "Files.h"
#include "moelora/runtime/SlotTable.h"

#include <gtest/gtest.h>

namespace moelora::test {

struct Table {
  explicit Table(int slots = 2, int dtype = MOELORA_F32, int maxRank = 64,
                 std::vector<int32_t> layers = {}) {
    moelora_slot_table_options options = {slots,
                                          maxRank,
                                          dtype,
                                          MOELORA_PAGE_ROW_MAJOR,
                                          layers.empty() ? nullptr
                                                         : layers.data(),
                                          static_cast<int32_t>(layers.size()),
                                          0};
    EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  }
  ~Table() { moelora_slot_table_destroy(table); }

  moelora_status assign(const char *name, const Opened &adapter, int32_t &id) {
    moelora_error *error = nullptr;
    moelora_status status =
        moelora_slot_table_assign(table, name, adapter.get(), &id, &error);
    text = moelora_error_text(error);
    moelora_error_free(error);
    return status;
  }
  uint64_t entry(int slot) const {
    moelora_directory directory;
    moelora_slot_table_directory(table, 0, &directory);
    return directory.entry[slot];
  }
  const moelora_adapter_index *published(int slot) const {
    return reinterpret_cast<const moelora_adapter_index *>(
        entry(slot) & ((uint64_t(1) << 48) - 1));
  }
  const moelora_pair &pair(int slot, int layer, int projection, int e) const {
    return published(slot)->layer[layer].projection[projection][e];
  }

  moelora_slot_table *table = nullptr;
  std::string text;
};

inline const std::string packedTargets =
    R"("target_parameters": ["gate_up_proj", "down_proj"])";

/// Packed pairs of this rank in layer 0, and a plain one in layer 2.
inline Opened packedAdapter(const Folder &folder, int rank) {
  const std::string outer = inLayer(0, "mlp.experts");
  Tensors tensors;
  addPair(tensors, outer + ".base_layer", experts * rank, hidden,
          2 * intermediate, 5);
  addPair(tensors, outer, experts * rank, intermediate, hidden, 6);
  addPair(tensors, inLayer(2, "mlp.experts.1.up_proj"), rank, hidden,
          intermediate, 7);
  writeAdapter(folder, config(rank, 2.0 * rank, packedTargets), tensors);
  return open(folder, Model());
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_TABLES_H
