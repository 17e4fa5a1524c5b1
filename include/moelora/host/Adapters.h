// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters in a slot table, and the steps that read it.
#ifndef MOELORA_HOST_ADAPTERS_H
#define MOELORA_HOST_ADAPTERS_H

#include "moelora/host/CompiledLayer.h"
#include "moelora/host/Device.h"
#include "moelora/models/Part.h"
#include "moelora/runtime/GroupStep.h"
#include "moelora/runtime/SlotStats.h"

#include <vector>

namespace moelora::host {

/// The name and the folder of an adapter, as stated on a command line.
struct AdapterFolder {
  std::string name, folder;
  /// Properties that the files may not determine.
  moelora_adapter_options stated = sized<moelora_adapter_options>();
};

struct OpenAdapter {
  std::string name;
  AdapterHandle handle;
};

/// Makes a table on a device, or on the cpu, for all MoE layers of a target, or
/// for one `layer`, and for a part of each.
TableHandle makeTable(const moelora_adapter_target &target,
                      const moelora_facts &facts,
                      const moelora_device *device = nullptr,
                      const int32_t *layer = nullptr,
                      const models::Part &part = {});

/// The statistics of a table. All zero if it is NULL.
moelora_slot_table_stats statsOf(moelora_slot_table *table);

/// Adapters in one table for one layer or a part of it, on its device. Each is
/// leased until the table is destroyed. A layer that was compiled without
/// adapters has no table.
class SlotTable {
public:
  SlotTable(const std::vector<OpenAdapter> &adapters,
            const CompiledLayer &layer, const models::Part &part = {});
  ~SlotTable();
  SlotTable(const SlotTable &) = delete;

  /// NULL: there is none.
  moelora_slot_table *get() const { return table.get(); }
  /// Converts indices of adapters to ids; -1 stays -1.
  std::vector<int32_t> idsOf(const std::vector<int32_t> &slots) const;

private:
  void add(const OpenAdapter &adapter, const moelora_services &services);

  TableHandle table;
  std::vector<moelora_lease> leases;
};

inline void endStep(moelora_step *step) { moelora_step_destroy(step, nullptr); }

/// A step with the ids of a batch. It enters when it is made, and leaves when
/// the object is destroyed, as for one forward pass.
/// The peer ranks whose tokens a step resolves too.
struct Peers {
  moelora_group *group = nullptr;
  uint32_t axes = 0;  // bits of moelora_axis; 0: none
  int64_t tokens = 0; // of the rank that has most
};

class Step {
public:
  /// A step on the device of the table. The cpu needs no program. Without a
  /// table, the object has no step and has no effect.
  Step(moelora_slot_table *table, std::vector<int32_t> ids,
       const moelora_device &device = *moelora_device_cpu(),
       moelora_program *program = nullptr, moelora_stream *stream = nullptr,
       const Peers &peers = {});
  Step(Step &&) = default;
  ~Step();

  moelora_step *get() const { return step.get(); }
  /// `validTokens` is on the device, or null.
  void resolve(const int32_t *validTokens = nullptr);
  /// For passes after the first one.
  void enter();
  void leave();
  /// Replaces the ids at their address, after all work with them.
  void setIds(std::vector<int32_t> tokenIds);

private:
  std::vector<int32_t> ids;
  OnDevice placed; ///< the ids
  moelora_stream *stream = nullptr;
  Handle<moelora_step, endStep> step;
  bool entered = false;
};

} // namespace moelora::host

#endif // MOELORA_HOST_ADAPTERS_H
