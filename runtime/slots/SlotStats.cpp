/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a slot table tells of itself.
 */
#include "slots/SlotTableState.h"

#include <cstring>

using namespace moelora;

static_assert(int(SlotState::Free) == MOELORA_SLOT_FREE &&
                  int(SlotState::Reserved) == MOELORA_SLOT_RESERVED &&
                  int(SlotState::Live) == MOELORA_SLOT_LIVE,
              "the states have the numbers of the C interface");

namespace {

int32_t leasesOf(const SlotState &slot) {
  int32_t leases = 0;
  for (const Epoch &epoch : slot.epochs)
    leases += epoch.leases;
  return leases;
}

moelora_id_counters readCounters(moelora_slot_table &table) {
  moelora_id_counters ids = {};
  moelora_id_counters *counters = table.counters();
  if (table.device.host_visible)
    return {__atomic_load_n(&counters->masked, __ATOMIC_RELAXED),
            __atomic_load_n(&counters->stale, __ATOMIC_RELAXED)};
  const moelora_device &device = table.device;
  device.copy(device.context, table.publishing.get(), &ids, counters,
              sizeof ids, nullptr);
  table.waitForStores(); // and the copy, which writes to this frame
  return ids;
}

} // namespace

void moelora_slot_table_read_stats(moelora_slot_table *table,
                                   moelora_slot_table_stats *stats) {
  SlotTableChange change(*table);
  table->drainAll(change);
  *stats = table->stats;
  stats->ids = readCounters(*table);
  stats->slots = static_cast<int32_t>(table->tenants.size());
  stats->retired_blocks = table->blocks.count();
  for (const SlotState &slot : table->core.slots()) {
    stats->used_slots += slot.state == SlotState::Live;
    stats->reserved_slots += slot.state == SlotState::Reserved;
    stats->leased_slots += leasesOf(slot) > 0;
  }
  stats->retired_blocks -= static_cast<uint64_t>(stats->used_slots);
  stats->retired_bytes = table->blocks.bytes() - stats->held.bytes;
}

moelora_status moelora_slot_table_inspect(moelora_slot_table *table,
                                          int32_t slot,
                                          moelora_slot_info *info) {
  if (slot < 0 || static_cast<size_t>(slot) >= table->tenants.size())
    return MOELORA_INVALID;
  SlotTableChange change(*table);
  table->drainAll(change);
  const SlotState &state = table->core.slots()[static_cast<size_t>(slot)];
  const Tenant &tenant = table->tenants[static_cast<size_t>(slot)];
  bool live = state.state == SlotState::Live;
  *info = {};
  info->state = state.state;
  info->id = live ? table->core.idOf(slot) : -1;
  info->version = live ? state.version : 0;
  info->enabled = live && state.enabled;
  info->leases = leasesOf(state);
  info->idle = table->core.idle(slot, table->fences);
  info->cost = tenant.cost;
  std::memcpy(info->name, tenant.name.c_str(), tenant.name.size() + 1);
  return MOELORA_OK;
}

void moelora_slot_table_observe(moelora_slot_table *table,
                                void (*observer)(void *,
                                                 const moelora_slot_event *),
                                void *context) {
  std::lock_guard<std::mutex> lock(table->mutex);
  table->observer = observer;
  table->observerContext = context;
}
