// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The adapters of a run: opened from their folders, side by side in a slot
// table for compiled code, and pair by pair for the reference.
#ifndef MOELORA_RUN_ADAPTERS_H
#define MOELORA_RUN_ADAPTERS_H

#include "Options.h"

#include "moelora/models/Model.h"
#include "moelora/reference/Views.h"
#include "moelora/runtime/SlotStats.h"
#include "moelora/runtime/Step.h"

#include <set>

namespace moelora::run {

struct OpenAdapter {
  std::string name;
  Handle<moelora_adapter, moelora_adapter_close> handle;
};

/// Those of --adapter, then those of --random-adapters. One whose rank is above
/// what the variant takes, or one too many, is an error.
std::vector<OpenAdapter> openAdapters(const Options &options,
                                      const models::Model &model, int layer,
                                      const moelora_variant &variant,
                                      const moelora_services &services);

/// Writes an adapter of signed random values for the routed experts of `layer`
/// into an empty folder.
void writeRandomAdapter(const std::string &folder, const models::Model &model,
                        int layer, int32_t rank, uint64_t seed,
                        const moelora_services &services);

inline void endTable(moelora_slot_table *table) {
  moelora_slot_table_destroy(table, nullptr);
}

/// All of them in one table for one layer, each leased until the table goes. A
/// layer compiled without adapters has no table.
class SlotTable {
public:
  SlotTable(const std::vector<OpenAdapter> &adapters,
            const moelora_variant &variant, const models::Model &model,
            int layer, const moelora_services &services);
  ~SlotTable();
  SlotTable(const SlotTable &) = delete;

  /// NULL: there is none.
  moelora_slot_table *get() const { return table.get(); }
  /// All zero without a table.
  moelora_slot_table_stats stats() const;
  /// Indices into the adapters as ids; -1 stays.
  std::vector<int32_t> idsOf(const std::vector<int32_t> &slots) const;

private:
  void add(const OpenAdapter &adapter, const moelora_services &services);

  Handle<moelora_slot_table, endTable> table;
  std::vector<moelora_lease> leases;
};

/// The ids of a batch, resolved as for one forward pass.
class Step {
public:
  /// Without a table it is none, and does nothing.
  Step(const SlotTable &table, std::vector<int32_t> ids);
  ~Step();
  Step(const Step &) = delete;

  moelora_step *get() const { return step; }
  void enter();
  void resolve();
  void leave();

private:
  const std::vector<int32_t> ids;
  moelora_step *step = nullptr;
};

/// Some pairs of one adapter, exactly as its files have them.
class ExactAdapter {
public:
  ExactAdapter(const OpenAdapter &adapter, const moelora_layer &layer,
               int layerNumber);

  /// Reads one pair, if the adapter has it, unless it was read before.
  void read(moelora_projection projection, int32_t expert);
  const reference::Adapter &get() const { return adapter; }

private:
  std::string name;
  const moelora_adapter *handle;
  int layerNumber;
  reference::Adapter adapter;
  std::set<std::pair<int, int32_t>> done;
  std::vector<std::vector<float>> storage;
};

} // namespace moelora::run

#endif // MOELORA_RUN_ADAPTERS_H
