/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads: assign and replace. Everything that takes time, or may fail for what
 * is in a file, is done before the table changes.
 */
#include "slots/SlotTableState.h"

#include "base/Failure.h"

#include <algorithm>
#include <cstring>

using namespace moelora;

namespace {

moelora_slot_cost costOf(const moelora_slot_table &table,
                         const ImageBuilder &plan) {
  moelora_slot_cost cost = plan.cost();
  uint64_t unit = table.device.granularity;
  cost.bytes = (cost.bytes + unit - 1) / unit * unit;
  if (table.maxBytes && cost.bytes > table.maxBytes)
    fail("expects an adapter of at most max_bytes = " +
         std::to_string(table.maxBytes) + ", but it takes " +
         std::to_string(cost.bytes) + " bytes");
  return cost;
}

/// Copies an image that was made on the host to where it will be read.
DeviceMemory upload(const moelora_device &device, const ImageBuilder &plan,
                    const DeviceMemory &image) {
  DeviceMemory memory(device, image.size());
  plan.stageIndex(image.data(), memory.data());
  Stream stream(device);
  call(device, &moelora_device::copy, stream.get(), memory.data(), image.data(),
       image.size());
  call(device, &moelora_device::stream_synchronize, stream.get());
  return memory;
}

Staged stage(const moelora_slot_table &table, const moelora_adapter &adapter,
             const moelora_staging *staging) {
  uint64_t begin = monotonicTime();
  ImageBuilder plan(adapter, table.format);
  Staged staged;
  staged.cost = costOf(table, plan);
  bool inPlace = table.device.host_visible;
  DeviceMemory image(table.device, staged.cost.bytes,
                     inPlace ? DeviceMemory::OnDevice : DeviceMemory::OnHost);
  plan.stagePages(image.data(), staging);
  if (inPlace) {
    plan.stageIndex(image.data(), image.data());
    staged.memory = std::move(image);
  } else {
    staged.memory = upload(table.device, plan, image);
  }
  staged.nanoseconds = monotonicTime() - begin;
  return staged;
}

/// Whom a load puts out: the tenant of its own slot, and others.
struct Room {
  std::vector<int32_t> others;
  int32_t slot; ///< reserved, or live and idle
};

/// Chooses, but changes nothing. `slot` is the one that the load has already.
Room findRoom(moelora_slot_table &table, uint64_t bytes,
              std::optional<int32_t> slot) {
  std::vector<bool> mayGo(table.tenants.size(), true);
  uint64_t used = table.blocks.bytes() + bytes;
  auto take = [&](const char *what) {
    std::optional<int32_t> victim = table.core.victim(table.fences, mayGo);
    if (!victim)
      fail(std::string("no ") + what + " free, and no adapter is idle",
           MOELORA_FULL);
    mayGo[static_cast<size_t>(*victim)] = false;
    used -= table.tenants[static_cast<size_t>(*victim)].cost.bytes;
    return *victim;
  };
  Room room = {{}, slot ? *slot : take("slot is")};
  mayGo[static_cast<size_t>(room.slot)] = false;
  while (table.maxBytes && used > table.maxBytes)
    room.others.push_back(take("memory below max_bytes is"));
  return room;
}

/// Evicts what findRoom chose. One whose entry cannot be overwritten stays.
void clear(moelora_slot_table &table, SlotTableChange &change,
           const std::vector<int32_t> &slots) {
  for (int32_t slot : slots)
    try {
      table.clear(slot);
      table.retire(slot, change, MOELORA_SLOT_EVICTED);
    } catch (const Failure &) {
      // The device fails; there is nothing better than to keep what it reads.
    }
}

void noteLoad(moelora_slot_table &table, const Staged &staged,
              uint64_t publishTime) {
  moelora_slot_table_stats &stats = table.stats;
  stats.read_bytes += staged.cost.read_bytes;
  stats.stage_ns = staged.nanoseconds;
  stats.longest_stage_ns = std::max(stats.longest_stage_ns, stats.stage_ns);
  stats.publish_ns = publishTime;
  stats.longest_publish_ns =
      std::max(stats.longest_publish_ns, stats.publish_ns);
}

/// A name, and a slot if one is free, kept for a load until it is published.
class Reservation {
public:
  Reservation(moelora_slot_table &table, const char *name)
      : Reservation(table) {
    size_t length = name ? std::strlen(name) : 0;
    if (length < 1 || length > MOELORA_MAX_SLOT_NAME)
      fail("expects a name of 1 to " + std::to_string(MOELORA_MAX_SLOT_NAME) +
           " bytes, but it has " + std::to_string(length));
    SlotTableChange change(table);
    table.drainAll(change);
    auto [place, added] = table.slotOf.emplace(name, -1);
    if (!added)
      fail("expects names to differ, but there is an adapter '" + place->first +
           "'");
    entry = place;
    slot = table.core.reserve();
    if (slot)
      place->second = *slot;
    else
      checkSomebodyMayGo();
  }

  ~Reservation() {
    std::lock_guard<std::mutex> lock(table.mutex);
    if (published || entry == table.slotOf.end())
      return;
    table.slotOf.erase(entry);
    if (slot)
      table.core.abandon(*slot);
  }

  int32_t publish(Staged staged) {
    uint64_t begin = monotonicTime();
    SlotTableChange change(table);
    table.drainAll(change);
    if (!slot)
      slot = table.core.reserve(); // one may have become free meanwhile
    Room room = findRoom(table, staged.cost.bytes, slot);
    Tenant tenant = {entry->first, staged.cost};
    BlockId block = table.blocks.add(std::move(staged.memory));
    overwrite(room.slot, block, change);
    if (!slot)
      table.retire(room.slot, change, MOELORA_SLOT_EVICTED);
    entry->second = room.slot;
    table.core.publish(room.slot, block);
    ++table.live;
    table.tenants[static_cast<size_t>(room.slot)] = std::move(tenant);
    addCost(table.stats.held, staged.cost);
    published = true;
    clear(table, change, room.others);
    ++table.stats.loads;
    noteLoad(table, staged, monotonicTime() - begin);
    int32_t id = table.core.idOf(room.slot);
    change.tell({MOELORA_SLOT_LOADED, id, 0, MOELORA_OK, nullptr,
                 staged.cost.bytes, staged.nanoseconds, table.stats.publish_ns},
                entry->first);
    return id;
  }

private:
  /// Nothing is reserved yet.
  explicit Reservation(moelora_slot_table &table)
      : table(table), entry(table.slotOf.end()) {}

  void checkSomebodyMayGo() {
    std::vector<bool> all(table.tenants.size(), true);
    if (!table.core.victim(table.fences, all))
      fail("no slot is free for adapter '" + entry->first + "': all " +
               std::to_string(all.size()) + " are taken, and none is idle",
           MOELORA_FULL);
  }

  /// The one store that ends the old tenant's ids and begins the new one's.
  void overwrite(int32_t index, BlockId block, SlotTableChange &change) {
    uint32_t generation =
        slot ? table.core.slots()[static_cast<size_t>(index)].generation
             : table.core.nextGeneration(index);
    try {
      table.storeNow(index, generation, block);
    } catch (...) {
      change.giveBack(table.blocks.remove(block));
      throw;
    }
  }

  moelora_slot_table &table;
  std::map<std::string, int32_t, std::less<>>::iterator entry;
  std::optional<int32_t> slot;
  bool published = false;
};

void replace(moelora_slot_table &table, int32_t id,
             const moelora_adapter &adapter, const moelora_staging *staging,
             moelora_stream *stream) {
  {
    std::lock_guard<std::mutex> lock(table.mutex);
    table.find(id);
  }
  Staged staged = stage(table, adapter, staging);
  uint64_t begin = monotonicTime();
  SlotTableChange change(table);
  table.drainAll(change);
  int32_t slot = table.find(id);
  table.prepareChange(slot, stream);
  Room room = findRoom(table, staged.cost.bytes, slot);
  BlockId block = table.blocks.add(std::move(staged.memory));
  const SlotState &state = table.core.slots()[static_cast<size_t>(slot)];
  Mark store;
  try {
    store = table.storeOn(stream, slot, state.enabled ? block : 0);
  } catch (...) {
    change.giveBack(table.blocks.remove(block));
    throw;
  }
  table.core.replace(slot, block, store);
  Tenant &tenant = table.tenants[static_cast<size_t>(slot)];
  subtractCost(table.stats.held, tenant.cost);
  addCost(table.stats.held, tenant.cost = staged.cost);
  clear(table, change, room.others);
  ++table.stats.replaced;
  noteLoad(table, staged, monotonicTime() - begin);
  change.tell({MOELORA_SLOT_REPLACED, id, state.version, MOELORA_OK, nullptr,
               staged.cost.bytes, staged.nanoseconds, table.stats.publish_ns},
              tenant.name);
  table.drainAll(change);
}

/// Counts how loads end that do not succeed.
void noteFailure(moelora_slot_table &table, const char *name, int32_t id,
                 moelora_status status) {
  SlotTableChange change(table);
  moelora_slot_table_stats &stats = table.stats;
  ++(status == MOELORA_CANCELLED ? stats.cancelled_loads
     : status == MOELORA_FULL    ? stats.full
     : status == MOELORA_BUSY    ? stats.busy
     : status == MOELORA_STALE   ? stats.stale_calls
                                 : stats.failed_loads);
  change.tell({MOELORA_SLOT_FAILED, id, 0, status, nullptr, 0, 0, 0},
              name ? name : "");
}

} // namespace

moelora_status moelora_slot_table_estimate(const moelora_slot_table *table,
                                           const moelora_adapter *adapter,
                                           moelora_slot_cost *cost,
                                           moelora_error **error) {
  return guarded(error, [&] {
    if (!adapter || !cost)
      fail("expects an adapter and a place for its cost");
    *cost = costOf(*table, ImageBuilder(*adapter, table->format));
  });
}

moelora_status moelora_slot_table_assign(moelora_slot_table *table,
                                         const char *name,
                                         const moelora_adapter *adapter,
                                         const moelora_staging *staging,
                                         int32_t *id, moelora_error **error) {
  moelora_status status = guarded(error, [&] {
    if (!adapter || !id)
      fail("expects an adapter and a place for its id");
    Reservation reservation(*table, name);
    *id = reservation.publish(stage(*table, *adapter, staging));
  });
  if (status != MOELORA_OK)
    noteFailure(*table, name, -1, status);
  return status;
}

moelora_status moelora_slot_table_replace(moelora_slot_table *table, int32_t id,
                                          const moelora_adapter *adapter,
                                          const moelora_staging *staging,
                                          moelora_stream *stream,
                                          moelora_error **error) {
  moelora_status status = guarded(error, [&] {
    if (!adapter)
      fail("expects an adapter");
    replace(*table, id, *adapter, staging, stream);
  });
  if (status != MOELORA_OK)
    noteFailure(*table, nullptr, id, status);
  return status;
}
