/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table and an adapter for it.
 */
#ifndef MOELORA_TEST_RUNTIME_TABLES_H
#define MOELORA_TEST_RUNTIME_TABLES_H

#include "Files.h"
#include "Steps.h"

#include <gtest/gtest.h>

namespace moelora::test {

/// Options of a small table on the cpu; change what a test is about.
inline moelora_slot_table_options
tableOptions(int slots, int dtype = MOELORA_F32, int maxRank = 64) {
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.slots = slots;
  options.max_rank = maxRank;
  options.dtype = dtype;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.target = usualTarget();
  return options;
}

struct Table {
  explicit Table(const moelora_slot_table_options &options) {
    EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  }
  explicit Table(int slots = 2, int dtype = MOELORA_F32, int maxRank = 64)
      : Table(tableOptions(slots, dtype, maxRank)) {}
  ~Table() {
    EXPECT_EQ(moelora_slot_table_destroy(table, nullptr), MOELORA_OK);
  }
  Table(const Table &) = delete;

  /// Calls a function of the table with `text` as the place for its error.
  template <typename Function, typename... Arguments>
  moelora_status call(Function function, Arguments... arguments) {
    moelora_error *error = nullptr;
    moelora_status status = function(table, arguments..., &error);
    text = moelora_error_text(error);
    moelora_error_free(error);
    return status;
  }
  moelora_status assign(const char *name, const Opened &adapter, int32_t &id) {
    return call(moelora_slot_table_assign, name, adapter.get(), nullptr, &id);
  }
  moelora_status replace(int32_t id, const Opened &adapter,
                         moelora_stream *stream = nullptr) {
    return call(moelora_slot_table_replace, id, adapter.get(), nullptr, stream);
  }
  moelora_status acquire(const char *name, moelora_lease &lease) {
    return call(moelora_slot_table_acquire, name, &lease);
  }
  moelora_status release(const moelora_lease &lease) {
    return call(moelora_slot_table_release, &lease);
  }
  moelora_status enable(int32_t id, bool on, moelora_stream *stream = nullptr) {
    return call(moelora_slot_table_enable, id, int32_t(on), stream);
  }
  moelora_status evict(int32_t id) {
    return call(moelora_slot_table_evict, id);
  }

  moelora_slot_table_stats stats() const {
    moelora_slot_table_stats stats = {};
    stats.size = sizeof stats;
    EXPECT_EQ(moelora_slot_table_read_stats(table, &stats, nullptr),
              MOELORA_OK);
    return stats;
  }
  uint64_t bytes() const { return stats().held.bytes; }
  moelora_slot_info info(int slot) const {
    moelora_slot_info info = {};
    info.size = sizeof info;
    EXPECT_EQ(moelora_slot_table_inspect(table, slot, &info, nullptr),
              MOELORA_OK);
    return info;
  }
  int slotOf(int32_t id) const {
    return id & ((1 << Step(table, 1).view().index_bits) - 1);
  }
  /// The adapter that a step of the calling thread reads from now on.
  Word word(int slot) const { return Step(table, 1).look(slot); }
  Image published(int slot) const { return word(slot).image(); }
  const moelora_pair &pair(int slot, int layer, int projection, int e) const {
    return published(slot).pairs(layer, projection)[e];
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
