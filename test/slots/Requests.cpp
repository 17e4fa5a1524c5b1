/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What callers ask of the world, carried out as the slot table does. Each
 * answer of the core is compared with what the world knows: a refusal must be
 * needed, and a consent harmless.
 */
#include "World.h"

using namespace moelora;
using namespace moelora::test;

World::World(const Bounds &bounds)
    : bounds(&bounds), core(bounds.slots, bounds.generations),
      entries(index(bounds.slots)), streams(index(bounds.streams)),
      loads(index(bounds.adapters)), known(index(bounds.slots)) {}

std::optional<int32_t> World::victim() {
  std::optional<int32_t> chosen =
      core.victim(*this, std::vector<bool>(index(bounds->slots), true));
  for (int32_t slot = 0; slot < bounds->slots; ++slot)
    if (isIdle(slot))
      require(chosen && known[index(*chosen)].used <= known[index(slot)].used,
              "expects the idle adapter that was used least recently to go");
  if (chosen)
    require(isIdle(*chosen), "expects only idle adapters to go");
  full += !chosen;
  return chosen;
}

void World::beginLoad(int32_t adapter) {
  drain();
  std::optional<int32_t> slot = core.reserve();
  if (!slot && !victim())
    return;
  loads[index(adapter)] = {Load::Loading, slot.value_or(-1)};
}

void World::endLoad(int32_t adapter) {
  drain();
  Load &load = loads[index(adapter)];
  bool reserved = load.slot >= 0;
  std::optional<int32_t> slot = reserved ? load.slot : victim();
  load = {};
  if (!slot)
    return;
  uint32_t generation =
      reserved ? at(*slot).generation : core.nextGeneration(*slot);
  BlockId block = newBlock(++lastTenant);
  storeNow(*slot, {generation, true, block});
  if (!reserved)
    evictNow(*slot);
  known[index(*slot)] = {lastTenant, true, ++clock};
  core.publish(*slot, block);
  ids.push_back({*slot, generation, lastTenant});
  load = {Load::Present, *slot};
}

void World::failLoad(int32_t adapter) {
  Load &load = loads[index(adapter)];
  if (load.slot >= 0)
    core.abandon(load.slot);
  load = {};
}

void World::acquire(int32_t slot) {
  leases.push_back({++lastLease, core.acquire(slot, *this), slot});
  require(leases.back().pin == pinOf(slot),
          "expects a new lease not to hold what has left");
  known[index(slot)].used = ++clock;
}

void World::run(size_t lease, int32_t stream) {
  const Lease &from = leases[lease];
  streams[index(stream)].push_back(
      {Item::Run, from.slot, false, from.number, 0, false, 0});
}

void World::release(size_t lease, int32_t stream) {
  Lease from = leases[lease];
  Fence fence = mark(stream, from.slot, false);
  core.release(from.pin, {fence, nameOf(stream)}, *this);
  leases.erase(leases.begin() + static_cast<long>(lease));
  known[index(from.slot)].used = ++clock;
}

void World::replace(int32_t slot, int32_t stream) {
  drain();
  bool changing = isChanging(slot, stream);
  bool may = core.mayChange(slot, nameOf(stream), *this);
  require(may != changing, "expects changes of a slot to be in one order");
  busy += !may;
  if (!may)
    return;
  core.prepare(slot);
  BlockId block = newBlock(known[index(slot)].tenant);
  Mark store = storeOn(stream, slot, at(slot).enabled, block);
  core.replace(slot, block, store);
  drain();
}

void World::toggle(int32_t slot, int32_t stream) {
  bool changing = isChanging(slot, stream);
  bool may = core.mayChange(slot, nameOf(stream), *this);
  require(may != changing, "expects changes of a slot to be in one order");
  busy += !may;
  if (!may)
    return;
  core.prepare(slot);
  bool &enabled = known[index(slot)].enabled;
  enabled = !enabled;
  core.enable(slot, enabled, storeOn(stream, slot, enabled, at(slot).block));
}

void World::evict(int32_t slot) {
  drain();
  require(core.idle(slot, *this) == isIdle(slot),
          "expects an adapter to be idle when nobody has it and no stream is "
          "before a release or a change of it");
  evictIfIdle(slot);
}

void World::evictIfIdle(int32_t slot) {
  bool idle = core.idle(slot, *this);
  busy += !idle;
  if (!idle)
    return;
  storeNow(slot, {core.nextGeneration(slot), true, 0});
  evictNow(slot);
}

void World::reset() {
  drain();
  bool mayGo = !isLoading();
  for (int32_t slot = 0; slot < bounds->slots; ++slot)
    mayGo =
        mayGo && (at(slot).state == SlotState::Free || core.idle(slot, *this));
  busy += !mayGo;
  if (!mayGo)
    return;
  for (int32_t slot = 0; slot < bounds->slots; ++slot)
    if (at(slot).state == SlotState::Live)
      evict(slot);
}

void World::drain() {
  for (int32_t slot = 0; slot < bounds->slots; ++slot) {
    while (BlockId block = core.drain(slot, *this)) {
      ++late;
      giveBack(block);
    }
    if (bounds->without == Without::Epochs)
      for (const Epoch &epoch : at(slot).epochs)
        if (epoch.left && isAlive(epoch.left))
          giveBack(epoch.left);
  }
}

void World::evictNow(int32_t slot) {
  require(isIdle(slot), "expects only idle adapters to go");
  gonePins.push_back(pinOf(slot));
  giveBack(core.evict(slot));
  for (Load &load : loads)
    if (load.state == Load::Present && load.slot == slot)
      load = {};
}
