/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/SlotPublish.h"

#include "base/Sized.h"

#include <algorithm>
#include <cstring>
#include <thread>

using namespace moelora;

namespace {

void noteLoad(moelora_slot_table &table, const moelora_staged &staged,
              uint64_t publishTime) {
  moelora_slot_table_stats &stats = table.stats;
  ++(staged.replaces < 0 ? stats.loads : stats.replaced);
  stats.read_bytes += staged.cost.read_bytes;
  stats.stage_ns = staged.nanoseconds;
  stats.longest_stage_ns = std::max(stats.longest_stage_ns, stats.stage_ns);
  stats.publish_ns = publishTime;
  stats.longest_publish_ns =
      std::max(stats.longest_publish_ns, stats.publish_ns);
}

/// The bytes of all adapters in the table after the staged one is published.
uint64_t heldWith(const moelora_staged &staged, int32_t slot) {
  const moelora_slot_table &table = staged.table;
  return table.stats.held.bytes + staged.cost.bytes -
         table.tenants[static_cast<size_t>(slot)].cost.bytes;
}

/// One store ends the ids, or the version, of the old tenant and begins those
/// of the new one. A failure has no effect.
Fence overwrite(SlotTableChange &change, moelora_staged &staged,
                const Target &target, moelora_stream *stream,
                BufferId &buffer) {
  moelora_slot_table &table = staged.table;
  buffer = table.buffers.add(std::move(staged.memory));
  bool serves = staged.replaces < 0 || table.core.at(target.slot).enabled;
  try {
    return table.storeOn(change, stream, target.slot,
                         table.wordOf(target.generation, serves ? buffer : 0));
  } catch (...) {
    staged.memory = table.buffers.remove(buffer);
    throw;
  }
}

void become(moelora_staged &staged, const Target &target, BufferId buffer,
            Fence store, SlotTableChange &change) noexcept {
  moelora_slot_table &table = staged.table;
  if (staged.replaces >= 0) {
    subtractCost(table.stats.held,
                 table.tenants[static_cast<size_t>(target.slot)].cost);
    table.core.replace(target.slot, buffer, store);
  } else {
    if (table.core.at(target.slot).state == SlotState::Live)
      table.forget(change, target.slot, MOELORA_SLOT_EVICTED);
    if (staged.slot && *staged.slot != target.slot)
      table.core.abandon(*staged.slot);
    table.slotOf.find(staged.name)->second = target.slot;
    table.core.publish(target.slot, target.generation, buffer, store);
  }
  addCost(table.stats.held, staged.cost);
  staged.published = true;
}

/// An adapter whose word cannot be overwritten stays.
void evictOthers(SlotTableChange &change, moelora_slot_table &table,
                 const std::vector<int32_t> &slots) {
  for (int32_t slot : slots)
    try {
      uint32_t next = table.core.at(slot).generation + 1;
      Fence cleared = table.clear(change, slot, next, table.publishing.get());
      table.end(change, slot, next, cleared, MOELORA_SLOT_EVICTED);
    } catch (const Failure &) {
      // The device has failed, so the memory that it may read is kept.
    }
}

int32_t publishAt(SlotTableChange &change, moelora_staged &staged,
                  const Target &target, moelora_stream *stream,
                  uint64_t begin) {
  moelora_slot_table &table = staged.table;
  Tenant tenant = {staged.name, staged.cost};
  BufferId buffer = 0;
  Fence store = overwrite(change, staged, target, stream, buffer);
  become(staged, target, buffer, store, change);
  table.tenants[static_cast<size_t>(target.slot)] = std::move(tenant);
  evictOthers(change, table, target.others);
  noteLoad(table, staged, monotonicTime() - begin);
  int32_t id = table.idOf(target.slot);
  moelora_slot_event event = table.eventOf(
      staged.replaces < 0 ? MOELORA_SLOT_LOADED : MOELORA_SLOT_REPLACED,
      target.slot);
  event.neutral = staged.neutral;
  event.stage_ns = staged.nanoseconds;
  event.publish_ns = table.stats.publish_ns;
  change.tell(event, staged.name.c_str());
  return id;
}

} // namespace

moelora_staged::moelora_staged(moelora_slot_table &table, const char *asked)
    : table(table) {
  size_t length = asked ? std::strlen(asked) : 0;
  if (length < 1 || length > MOELORA_MAX_SLOT_NAME)
    fail("expects a name of 1 to " + std::to_string(MOELORA_MAX_SLOT_NAME) +
         " bytes, but it has " + std::to_string(length));
  name = asked;
  SlotTableChange change(table);
  table.staged.reserve(table.staged.size() + 1);
  if (table.slotOf.count(name))
    fail("expects names to differ, but there is an adapter '" + name + "'");
  auto entry = table.slotOf.emplace(name, -1).first;
  slot = table.core.reserve();
  if (slot) {
    entry->second = *slot;
  } else if (!table.core.victim(SlotCore::ForSlot, {})) {
    table.slotOf.erase(entry);
    fail("no slot is free for adapter '" + name + "': all " +
             std::to_string(table.tenants.size()) +
             " are taken, and none is idle",
         MOELORA_FULL);
  }
  ++table.loads;
  table.staged.push_back(this);
}

moelora_staged::moelora_staged(moelora_slot_table &table, int32_t id)
    : table(table), replaces(id) {
  std::lock_guard<std::mutex> lock(table.mutex);
  name = table.tenants[static_cast<size_t>(table.find(id))].name;
  ++table.loads;
}

moelora_staged::~moelora_staged() {
  std::lock_guard<std::mutex> lock(table.mutex);
  --table.loads;
  auto self = std::find(table.staged.begin(), table.staged.end(), this);
  if (self != table.staged.end())
    table.staged.erase(self);
  if (published || replaces >= 0)
    return;
  table.slotOf.erase(table.slotOf.find(name));
  if (slot)
    table.core.abandon(*slot);
}

void moelora_staged::takeSlot(int32_t wanted) noexcept {
  if (slot == wanted)
    return;
  auto setSlot = [&](moelora_staged &of, std::optional<int32_t> to) {
    of.slot = to;
    table.slotOf.find(of.name)->second = to.value_or(-1);
  };
  if (table.core.at(wanted).state == SlotState::Reserved) {
    for (moelora_staged *other : table.staged)
      if (other->slot == wanted)
        setSlot(*other, slot);
  } else {
    table.core.reserve(wanted);
    if (slot)
      table.core.abandon(*slot);
  }
  setSlot(*this, wanted);
}

Target moelora::findTarget(moelora_staged &staged) {
  moelora_slot_table &table = staged.table;
  Target target = {};
  auto take = [&](SlotCore::Need need, const char *what) {
    std::optional<int32_t> victim = table.core.victim(need, target.others);
    if (!victim)
      fail(std::string("no ") + what + " free, and no adapter is idle",
           MOELORA_FULL);
    return *victim;
  };
  if (staged.replaces < 0 && !staged.slot)
    staged.slot = table.core.reserve(); // a slot may have become free meanwhile
  bool follows = staged.replaces < 0 && !staged.slot;
  target.slot = staged.replaces >= 0 ? table.find(staged.replaces)
                : staged.slot        ? *staged.slot
                                     : take(SlotCore::ForSlot, "slot is");
  target.generation = table.core.at(target.slot).generation + follows;
  target.others.push_back(target.slot); // not to be chosen
  uint64_t held = heldWith(staged, target.slot);
  while (table.maxBytes && held > table.maxBytes) {
    target.others.push_back(
        take(SlotCore::ForMemory, "memory below max_bytes is"));
    auto other = static_cast<size_t>(target.others.back());
    held -= table.tenants[other].cost.bytes;
  }
  target.others.erase(target.others.begin());
  return target;
}

int32_t moelora::publish(moelora_staged &staged, moelora_stream *stream,
                         const std::function<Target()> &choose) {
  uint64_t begin = monotonicTime();
  for (;; std::this_thread::yield()) {
    SlotTableChange change(staged.table);
    Target target = choose();
    if (!staged.table.mustWait(target.slot, stream))
      return publishAt(change, staged, target, stream, begin);
  }
}

namespace {

void checkSlot(const moelora_slot_table &table, int32_t slot) {
  if (slot < 0 || static_cast<size_t>(slot) >= table.tenants.size())
    fail("expects a slot in [0, " + std::to_string(table.tenants.size()) +
         "), but it is " + std::to_string(slot));
}

void checkGeneration(int32_t slot, uint32_t generation, uint32_t least,
                     uint32_t most) {
  if (generation < least || generation > most)
    fail("expects a generation of slot " + std::to_string(slot) + " in [" +
         std::to_string(least) + ", " + std::to_string(most) + "], but it is " +
         std::to_string(generation));
}

void checkNewcomer(const moelora_staged &staged, const Target &target) {
  const moelora_slot_table &table = staged.table;
  const SlotState &state = table.core.at(target.slot);
  bool own = staged.slot && *staged.slot == target.slot;
  if (state.state == SlotState::Reserved && !own)
    fail("expects a slot that nobody loads into, but somebody does into slot " +
             std::to_string(target.slot),
         MOELORA_BUSY);
  bool live = state.state == SlotState::Live;
  if (live)
    table.checkIdle(target.slot);
  bool closed = state.state == SlotState::Closed;
  checkGeneration(target.slot, target.generation,
                  state.generation + (live || closed),
                  table.core.generations() - 1);
}

} // namespace

Target moelora::checkTarget(const moelora_staged &staged, int32_t slot,
                            uint32_t generation) {
  const moelora_slot_table &table = staged.table;
  Target target = {slot, generation, {}};
  checkSlot(table, slot);
  if (staged.replaces < 0) {
    checkNewcomer(staged, target);
  } else {
    int32_t present = table.find(staged.replaces);
    uint32_t own = table.core.at(present).generation;
    if (slot != present || generation != own)
      fail("expects slot " + std::to_string(present) + " and generation " +
           std::to_string(own) + " of the adapter that is replaced, but got " +
           std::to_string(slot) + " and " + std::to_string(generation));
  }
  uint64_t held = heldWith(staged, slot);
  if (table.maxBytes && held > table.maxBytes)
    fail("expects at most max_bytes = " + std::to_string(table.maxBytes) +
             " to be held, but it would be " + std::to_string(held),
         MOELORA_FULL);
  return target;
}

void moelora::checkEviction(const moelora_slot_table &table, int32_t slot,
                            uint32_t generation) {
  checkSlot(table, slot);
  const SlotState &state = table.core.at(slot);
  if (state.state != SlotState::Live)
    fail("expects an adapter in slot " + std::to_string(slot) +
             ", but there is none",
         MOELORA_STALE);
  table.checkIdle(slot);
  checkGeneration(slot, generation, state.generation + 1,
                  table.core.generations());
}

void moelora::evictAt(SlotTableChange &change, moelora_slot_table &table,
                      int32_t slot, uint32_t generation,
                      moelora_stream *stream) {
  checkEviction(table, slot, generation);
  Fence cleared = table.clear(change, slot, generation, stream);
  table.end(change, slot, generation, cleared, MOELORA_SLOT_REMOVED);
}

moelora_status moelora_staged_target(moelora_staged *staged, int32_t *slot,
                                     uint32_t *generation,
                                     moelora_error **error) {
  return guarded(error, [&] {
    expectThere(staged, "what is staged");
    expectThere(slot, "a place for the slot");
    expectThere(generation, "a place for the generation");
    SlotTableChange change(staged->table);
    Target target = findTarget(*staged);
    *slot = target.slot;
    *generation = target.generation;
  });
}

void moelora_staged_abandon(moelora_staged *staged) { delete staged; }

moelora_status moelora_slot_table_publish_at(moelora_slot_table *table,
                                             moelora_staged *staged,
                                             int32_t slot, uint32_t generation,
                                             moelora_stream *stream,
                                             int32_t *id,
                                             moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(staged, "what is staged");
    expectThere(id, "a place for the id");
    if (&staged->table != table)
      fail("expects what this slot table has staged, but another one has");
    table->checkNotCapturing(stream);
    *id = publish(*staged, stream, [&] {
      table->expectNotHeld();
      return checkTarget(*staged, slot, generation);
    });
    delete staged;
  });
}

moelora_status moelora_slot_table_evict_at(moelora_slot_table *table,
                                           int32_t slot, uint32_t generation,
                                           moelora_stream *stream,
                                           moelora_error **error) {
  moelora_status status = guarded(error, [&] {
    expectThere(table, "a slot table");
    table->checkNotCapturing(stream);
    SlotTableChange change(*table);
    table->expectNotHeld();
    evictAt(change, *table, slot, generation, stream);
  });
  if (table)
    countAnswer(*table, status);
  return status;
}
