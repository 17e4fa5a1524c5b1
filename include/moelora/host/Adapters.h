// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters side by side in a slot table, and the steps that read it.
#ifndef MOELORA_HOST_ADAPTERS_H
#define MOELORA_HOST_ADAPTERS_H

#include "moelora/host/Handles.h"
#include "moelora/models/Model.h"
#include "moelora/runtime/SlotStats.h"
#include "moelora/runtime/Step.h"

#include <vector>

namespace moelora::host {

/// An adapter as a command line names it.
struct AdapterFolder {
  std::string name, folder;
  /// What its files may leave open.
  moelora_adapter_options stated = sized<moelora_adapter_options>();
};

struct OpenAdapter {
  std::string name;
  AdapterHandle handle;
};

/// A table on the cpu for all MoE layers of a target, or for one `layer`.
TableHandle makeTable(const moelora_adapter_target &target,
                      const moelora_facts &facts,
                      const int32_t *layer = nullptr);

/// All zero without a table.
moelora_slot_table_stats statsOf(moelora_slot_table *table);

/// Adapters in one table for one layer, each leased until the table goes. A
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
  /// Indices into the adapters as ids; -1 stays.
  std::vector<int32_t> idsOf(const std::vector<int32_t> &slots) const;

private:
  void add(const OpenAdapter &adapter, const moelora_services &services);

  TableHandle table;
  std::vector<moelora_lease> leases;
};

inline void endStep(moelora_step *step) { moelora_step_destroy(step, nullptr); }

/// The ids of a batch, resolved as for one forward pass. It has entered for as
/// long as it lives.
class Step {
public:
  /// Without a table it is none, and does nothing.
  Step(moelora_slot_table *table, std::vector<int32_t> ids);
  Step(Step &&) = default;
  ~Step();

  moelora_step *get() const { return step.get(); }
  void resolve();

private:
  std::vector<int32_t> ids;
  Handle<moelora_step, endStep> step;
};

} // namespace moelora::host

#endif // MOELORA_HOST_ADAPTERS_H
