/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of the slot table, but for loads and statistics.
 */
#include "slots/SlotTableState.h"

#include "base/Failure.h"

#include <string_view>

using namespace moelora;

namespace {

/// Counts the answers that say that a caller is behind the times, or too early.
void count(moelora_slot_table &table, moelora_status status) {
  std::lock_guard<std::mutex> lock(table.mutex);
  table.stats.busy += status == MOELORA_BUSY;
  table.stats.stale_calls += status == MOELORA_STALE;
}

template <typename Body>
moelora_status answered(moelora_slot_table *table, moelora_error **error,
                        Body body) {
  moelora_status status = guarded(error, body);
  if (status != MOELORA_OK)
    count(*table, status);
  return status;
}

/// The slot of a name; fails where it has none, or none yet.
int32_t slotOf(moelora_slot_table &table, const char *name) {
  auto found = table.slotOf.find(std::string_view(name ? name : ""));
  if (found == table.slotOf.end()) {
    ++table.stats.misses;
    fail("there is no adapter '" + std::string(name ? name : "") + "'",
         MOELORA_NOT_FOUND);
  }
  int32_t slot = found->second;
  if (slot < 0 ||
      table.core.slots()[static_cast<size_t>(slot)].state != SlotState::Live)
    fail("adapter '" + found->first + "' is being loaded", MOELORA_BUSY);
  return slot;
}

[[noreturn]] void failBusy(const moelora_slot_table &table, int32_t slot) {
  fail("expects an idle adapter, but '" +
           table.tenants[static_cast<size_t>(slot)].name +
           "' is leased, or a stream is still before its release",
       MOELORA_BUSY);
}

void evict(moelora_slot_table &table, int32_t id) {
  SlotTableChange change(table);
  table.drainAll(change);
  int32_t slot = table.find(id);
  if (!table.core.idle(slot, table.fences))
    failBusy(table, slot);
  table.clear(slot);
  table.retire(slot, change, MOELORA_SLOT_REMOVED);
}

/// Ends the ids of all adapters, or of none.
void clearAll(moelora_slot_table &table) {
  std::vector<int32_t> cleared;
  cleared.reserve(table.slotOf.size());
  try {
    for (const auto &[name, slot] : table.slotOf) {
      table.clear(slot);
      cleared.push_back(slot);
    }
  } catch (...) {
    for (int32_t slot : cleared)
      table.restore(slot);
    throw;
  }
}

void reset(moelora_slot_table &table) {
  SlotTableChange change(table);
  table.drainAll(change);
  for (const auto &[name, slot] : table.slotOf) {
    if (slot < 0)
      fail("adapter '" + name + "' is being loaded", MOELORA_BUSY);
    if (!table.core.idle(slot, table.fences))
      failBusy(table, slot);
  }
  clearAll(table);
  while (!table.slotOf.empty())
    table.retire(table.slotOf.begin()->second, change, MOELORA_SLOT_REMOVED);
}

void enable(moelora_slot_table &table, int32_t id, bool enabled,
            moelora_stream *stream) {
  SlotTableChange change(table);
  int32_t slot = table.find(id);
  table.prepareChange(slot, stream);
  const SlotState &state = table.core.slots()[static_cast<size_t>(slot)];
  Mark store = table.storeOn(stream, slot, enabled ? state.block : 0);
  table.core.enable(slot, enabled, store);
  const Tenant &tenant = table.tenants[static_cast<size_t>(slot)];
  change.tell({enabled ? MOELORA_SLOT_ENABLED : MOELORA_SLOT_DISABLED, id,
               state.version, MOELORA_OK, nullptr, tenant.cost.bytes, 0, 0},
              tenant.name);
}

} // namespace

moelora_status
moelora_slot_table_create(const moelora_slot_table_options *options,
                          moelora_slot_table **table, moelora_error **error) {
  return guarded(error, [&] {
    if (!options || !table)
      fail("expects options and a place for the table");
    *table = new moelora_slot_table(*options);
  });
}

void moelora_slot_table_destroy(moelora_slot_table *table) { delete table; }

moelora_status moelora_slot_table_acquire(moelora_slot_table *table,
                                          const char *name,
                                          moelora_lease *lease,
                                          moelora_error **error) {
  return answered(table, error, [&] {
    std::lock_guard<std::mutex> lock(table->mutex);
    int32_t slot = slotOf(*table, name);
    uint64_t pin = table->core.acquire(slot, table->fences);
    *lease = {pin, table->core.idOf(slot),
              table->core.slots()[static_cast<size_t>(slot)].version};
    ++table->stats.hits;
  });
}

moelora_status moelora_slot_table_release(moelora_slot_table *table,
                                          const moelora_lease *lease,
                                          moelora_stream *stream,
                                          moelora_error **error) {
  return answered(table, error, [&] {
    std::lock_guard<std::mutex> lock(table->mutex);
    if (!table->core.leased(lease->pin))
      fail("expects a lease that is out, but it has ended", MOELORA_STALE);
    Fence fence = table->fences.take(stream);
    table->fences.mark(fence, stream);
    table->core.release(lease->pin, {fence, stream}, table->fences);
  });
}

moelora_status moelora_slot_table_enable(moelora_slot_table *table, int32_t id,
                                         int32_t enabled,
                                         moelora_stream *stream,
                                         moelora_error **error) {
  return answered(table, error,
                  [&] { enable(*table, id, enabled != 0, stream); });
}

moelora_status moelora_slot_table_evict(moelora_slot_table *table, int32_t id,
                                        moelora_error **error) {
  return answered(table, error, [&] { evict(*table, id); });
}

moelora_status moelora_slot_table_reset(moelora_slot_table *table,
                                        moelora_error **error) {
  return answered(table, error, [&] { reset(*table); });
}

void moelora_slot_table_directory(const moelora_slot_table *table,
                                  int32_t layer, moelora_directory *directory) {
  *directory = {table->entries(), table->counters(),
                static_cast<int32_t>(table->tenants.size()), layer};
}
