/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The statistics of a slot table.
 */
#include "slots/SlotTableState.h"

#include "base/Sized.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace moelora;

static_assert(int(SlotState::Free) == MOELORA_SLOT_FREE &&
                  int(SlotState::Reserved) == MOELORA_SLOT_RESERVED &&
                  int(SlotState::Live) == MOELORA_SLOT_LIVE &&
                  int(SlotState::Closed) == MOELORA_SLOT_CLOSED,
              "the states have the numbers of the C interface");

namespace {

constexpr uint32_t leastStats =
    MOELORA_SIZE_THROUGH(moelora_slot_table_stats, longest_publish_ns);
constexpr uint32_t leastInfo = MOELORA_SIZE_THROUGH(moelora_slot_info, name);

uint64_t load(const uint64_t &counter) {
  return __atomic_load_n(&counter, __ATOMIC_RELAXED);
}

/// Reads the counters of the steps on the device. Not under the table's lock,
/// because it may have to wait for the copy.
moelora_run_stats readCounters(moelora_slot_table &table) {
  const moelora_device &device = table.device;
  const moelora_run_stats *counters = table.counters();
  if (device.host_visible)
    return {load(counters->masked_slots), load(counters->stale_slots),
            load(counters->outside_steps), load(counters->dropped_pairs)};
  std::lock_guard<std::mutex> lock(table.counting);
  // The copy writes to memory that stays valid even if waiting for it fails.
  call(device, &moelora_device::copy, table.reading.get(),
       static_cast<void *>(&table.counted), static_cast<const void *>(counters),
       sizeof table.counted);
  call(device, &moelora_device::stream_synchronize, table.reading.get());
  return table.counted;
}

void countSlots(const SlotCore &core, moelora_slot_table_stats &stats) {
  for (const SlotState &slot : core.slots()) {
    ++stats.slots;
    stats.used_slots += slot.state == SlotState::Live;
    stats.reserved_slots += slot.state == SlotState::Reserved;
    stats.closed_slots += slot.state == SlotState::Closed;
    stats.leased_slots += slot.leases.out > 0;
  }
}

moelora_slot_table_stats readStats(moelora_slot_table &table) {
  moelora_run_stats runs = readCounters(table);
  {
    SlotTableChange first(table);
  } // frees the memory that no step can read any more
  SlotTableChange change(table);
  moelora_slot_table_stats stats = table.stats;
  stats.runs = runs;
  stats.steps = table.steps;
  stats.broken_fences = table.core.broken();
  countSlots(table.core, stats);
  stats.retired_buffers =
      table.buffers.count() - static_cast<uint64_t>(stats.used_slots);
  stats.retired_bytes = table.buffers.bytes() - stats.held.bytes;
  return stats;
}

moelora_slot_info inspect(moelora_slot_table &table, int32_t slot) {
  SlotTableChange change(table);
  const SlotState &state = table.core.at(slot);
  const Tenant &tenant = table.tenants[static_cast<size_t>(slot)];
  bool live = state.state == SlotState::Live;
  moelora_slot_info info = {};
  info.state = state.state;
  info.id = live ? table.idOf(slot) : -1;
  info.version = live ? state.version : 0;
  info.enabled = live && state.enabled;
  info.leases = state.leases.out;
  info.idle = table.core.idle(slot);
  info.cost = tenant.cost;
  std::memcpy(info.name, tenant.name.c_str(), tenant.name.size() + 1);
  return info;
}

uint64_t digestOf(moelora_slot_table &table) {
  std::string bytes;
  auto add = [&](int32_t value) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  };
  SlotTableChange change(table);
  for (int32_t slot = 0; size_t(slot) < table.tenants.size(); ++slot) {
    const SlotState &state = table.core.at(slot);
    if (state.state != SlotState::Live)
      continue;
    const std::string &name = table.tenants[size_t(slot)].name;
    for (int32_t value : {slot, table.idOf(slot), state.version,
                          int32_t(state.enabled), int32_t(name.size())})
      add(value);
    bytes += name;
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

} // namespace

moelora_status moelora_slot_table_read_stats(moelora_slot_table *table,
                                             moelora_slot_table_stats *stats,
                                             moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    statedSize(stats, leastStats, "the statistics");
    writeSized(stats, readStats(*table), leastStats, "the statistics");
  });
}

moelora_status moelora_slot_table_inspect(moelora_slot_table *table,
                                          int32_t slot, moelora_slot_info *info,
                                          moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    statedSize(info, leastInfo, "what is said of a slot");
    if (slot < 0 || static_cast<size_t>(slot) >= table->tenants.size())
      fail("expects a slot in [0, " + std::to_string(table->tenants.size()) +
           "), but it is " + std::to_string(slot));
    writeSized(info, inspect(*table, slot), leastInfo,
               "what is said of a slot");
  });
}

moelora_status moelora_slot_table_digest(moelora_slot_table *table,
                                         uint64_t *digest,
                                         moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(digest, "a place for the digest");
    *digest = digestOf(*table);
  });
}

moelora_status
moelora_slot_table_observe(moelora_slot_table *table,
                           void (*observer)(void *, const moelora_slot_event *),
                           void *context, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    std::lock_guard<std::mutex> lock(table->mutex);
    table->observer = observer;
    table->observerContext = context;
  });
}
