/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of the slot table, except loads and statistics.
 */
#include "slots/SlotTableState.h"

#include "base/Sized.h"

#include <algorithm>
#include <string_view>
#include <thread>

using namespace moelora;

namespace {

constexpr uint32_t leastOptions =
    MOELORA_SIZE_THROUGH(moelora_slot_table_options, device);

template <typename Body>
moelora_status answered(moelora_slot_table *table, moelora_error **error,
                        Body body) {
  moelora_status status = guarded(error, [&] {
    expectThere(table, "a slot table");
    body();
  });
  if (table)
    countAnswer(*table, status);
  return status;
}

[[noreturn]] void failLoading(const std::string &name) {
  fail("adapter '" + name + "' is being loaded", MOELORA_BUSY);
}

/// The slot of a name. Fails if there is none, or if it is still being loaded.
int32_t slotOf(moelora_slot_table &table, const char *name) {
  auto found = table.slotOf.find(std::string_view(name ? name : ""));
  if (found == table.slotOf.end()) {
    ++table.stats.misses;
    fail("there is no adapter '" + std::string(name ? name : "") + "'",
         MOELORA_NOT_FOUND);
  }
  int32_t slot = found->second;
  if (std::count(table.held.begin(), table.held.end(), slot))
    table.expectNotHeld();
  if (slot < 0 || table.core.at(slot).state != SlotState::Live)
    failLoading(found->first);
  return slot;
}

void evict(moelora_slot_table &table, int32_t id) {
  SlotTableChange change(table);
  table.expectNotHeld();
  int32_t slot = table.find(id);
  table.checkIdle(slot);
  uint32_t next = table.core.at(slot).generation + 1;
  Fence cleared = table.clear(change, slot, next, table.publishing.get());
  table.end(change, slot, next, cleared, MOELORA_SLOT_REMOVED);
}

/// Evicts all adapters, or none.
void evictAll(moelora_slot_table &table, SlotTableChange &change) {
  std::vector<std::pair<int32_t, Fence>> cleared;
  cleared.reserve(table.slotOf.size());
  // Allocates everything that clear and restore need before anything is
  // changed.
  table.core.prepare(2 * table.slotOf.size());
  if (!table.isDone(table.publishing.get()))
    table.fences.reserve(2 * table.slotOf.size());
  auto next = [&](int32_t slot) { return table.core.at(slot).generation + 1; };
  try {
    for (const auto &[name, slot] : table.slotOf)
      cleared.emplace_back(
          slot, table.clear(change, slot, next(slot), table.publishing.get()));
  } catch (...) {
    for (const auto &[slot, fence] : cleared)
      table.restore(change, slot, fence);
    throw;
  }
  for (const auto &[slot, fence] : cleared)
    table.end(change, slot, next(slot), fence, MOELORA_SLOT_REMOVED);
}

void reset(moelora_slot_table &table) {
  SlotTableChange change(table);
  table.expectNotHeld();
  for (const auto &[name, slot] : table.slotOf) {
    if (slot < 0 || table.core.at(slot).state != SlotState::Live)
      failLoading(name);
    table.checkIdle(slot);
  }
  evictAll(table, change);
}

void enable(moelora_slot_table &table, int32_t id, bool enabled,
            moelora_stream *stream) {
  table.checkNotCapturing(stream);
  for (;; std::this_thread::yield()) {
    SlotTableChange change(table);
    table.expectNotHeld();
    int32_t slot = table.find(id);
    if (table.mustWait(slot, stream))
      continue;
    const SlotState &state = table.core.at(slot);
    BufferId serves = enabled ? state.buffer : 0;
    Fence store = table.storeOn(change, stream, slot,
                                table.wordOf(state.generation, serves));
    table.core.enable(slot, enabled, store);
    const Tenant &tenant = table.tenants[static_cast<size_t>(slot)];
    change.tell(
        table.eventOf(enabled ? MOELORA_SLOT_ENABLED : MOELORA_SLOT_DISABLED,
                      slot),
        tenant.name.c_str());
    return;
  }
}

void destroy(moelora_slot_table *table) {
  {
    std::lock_guard<std::mutex> lock(table->mutex);
    if (table->steps || table->loads || table->layers)
      fail("expects a slot table that nobody uses, but it has " +
               std::to_string(table->steps) + " steps, " +
               std::to_string(table->layers) + " layers are bound to it, and " +
               std::to_string(table->loads) + " adapters are being loaded",
           MOELORA_BUSY);
  }
  delete table;
}

} // namespace

moelora_status
moelora_slot_table_create(const moelora_slot_table_options *options,
                          moelora_slot_table **table, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a place for the table");
    *table = new moelora_slot_table(
        readSized(options, leastOptions, "the options of a slot table"));
  });
}

moelora_status moelora_slot_table_destroy(moelora_slot_table *table,
                                          moelora_error **error) {
  return guarded(error, [&] {
    if (table)
      destroy(table);
  });
}

moelora_status moelora_slot_table_acquire(moelora_slot_table *table,
                                          const char *name,
                                          moelora_lease *lease,
                                          moelora_error **error) {
  return answered(table, error, [&] {
    expectThere(lease, "a place for the lease");
    std::lock_guard<std::mutex> lock(table->mutex);
    int32_t slot = slotOf(*table, name);
    *lease = {table->core.acquire(slot), table->idOf(slot),
              table->core.at(slot).version};
    ++table->stats.hits;
  });
}

moelora_status moelora_slot_table_release(moelora_slot_table *table,
                                          const moelora_lease *lease,
                                          moelora_error **error) {
  return answered(table, error, [&] {
    expectThere(lease, "a lease");
    std::lock_guard<std::mutex> lock(table->mutex);
    if (!table->core.leased(lease->pin))
      fail("expects a lease that is out, but it has ended", MOELORA_STALE);
    table->core.release(lease->pin);
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
