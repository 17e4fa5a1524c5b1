/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the world knows of itself, without asking the core, and what must hold
 * between any two steps.
 */
#include "World.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

bool World::isIdle(int32_t slot) const {
  for (const Lease &lease : leases)
    if (lease.slot == slot)
      return false;
  for (const std::vector<Item> &stream : streams)
    for (const Item &item : stream)
      if (item.slot == slot)
        return false;
  return at(slot).state == SlotState::Live;
}

bool World::isChanging(int32_t slot, int32_t besides) const {
  for (int32_t s = 0; s < bounds->streams; ++s)
    for (const Item &item : streams[index(s)])
      if (s != besides && item.slot == slot && item.changes)
        return true;
  return false;
}

bool World::isLoading() const {
  return std::any_of(loads.begin(), loads.end(), [](const Load &load) {
    return load.state == Load::Loading;
  });
}

void World::check() const {
  for (int32_t slot = 0; slot < bounds->slots; ++slot)
    checkSlot(slot);
  checkLeases();
  bool running = std::any_of(streams.begin(), streams.end(),
                             [](auto &stream) { return !stream.empty(); });
  if (!isLoading() && !running && leases.empty())
    checkQuiet();
}

bool World::isReserved(int32_t slot) const {
  return std::any_of(loads.begin(), loads.end(), [&](const Load &load) {
    return load.state == Load::Loading && load.slot == slot;
  });
}

void World::checkSlot(int32_t slot) const {
  const SlotState &state = at(slot);
  const Entry &entry = entries[index(slot)];
  require((state.state == SlotState::Reserved) == isReserved(slot),
          "expects a slot to be reserved while it is loaded into");
  require(state.state != SlotState::Live ||
              state.enabled == known[index(slot)].enabled,
          "expects an adapter to be enabled unless it was disabled");
  require(entry.generation == state.generation,
          "expects entries to tell the generation of their slot");
  require((state.state == SlotState::Live) == (entry.block != 0),
          "expects entries of present adapters, and of no others");
  require(!entry.block ||
              (isAlive(entry.block) &&
               tenantOf[entry.block - 1] == known[index(slot)].tenant),
          "expects a slot to hold its own adapter");
  for (const Id &id : ids) {
    BlockId block = id.slot == slot ? resolve(slot, id.generation) : 0;
    require(!block || tenantOf[block - 1] == id.tenant,
            "expects an old id to get nothing");
  }
}

void World::checkLeases() const {
  for (const Lease &lease : leases) {
    require(core.leased(lease.pin), "expects a lease to last");
    require(at(lease.slot).state == SlotState::Live,
            "expects a leased adapter to keep its slot");
  }
  for (uint64_t pin : gonePins)
    require(!core.leased(pin), "expects leases to end with their adapter");
}

/// Nobody is at it: what remains is what is present.
void World::checkQuiet() const {
  World later = *this;
  later.drain();
  long present = 0;
  for (int32_t slot = 0; slot < bounds->slots; ++slot)
    if (at(slot).state == SlotState::Live) {
      ++present;
      require(later.core.idle(slot, later),
              "expects an adapter to be idle that nobody has");
    }
  require(later.tenantOf.size() -
                  static_cast<size_t>(std::count(later.tenantOf.begin(),
                                                 later.tenantOf.end(), -1)) ==
              static_cast<size_t>(present),
          "expects the blocks of present adapters to remain, and no others");
  require(later.fences.empty(), "expects all fences to be dropped in the end");
}
