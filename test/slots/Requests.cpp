/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls of the table. Each result is compared with the callers' knowledge:
 * a refusal must be necessary, and a success must be safe.
 */
#include "World.h"

#include "base/Word.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

namespace {

void answers(moelora_status status, moelora_status expected, const char *law) {
  require(status == expected, law);
}

} // namespace

void World::assign() {
  bool room = false;
  for (int32_t slot = 0; slot < bounds.slots; ++slot)
    room = room || at(slot).state == SlotState::Free;
  std::optional<int32_t> victim = room ? std::nullopt : nextVictim();
  std::string name = freeName();
  int32_t id = -1;
  moelora_status status = moelora_slot_table_assign(
      table, name.c_str(), ground.adapter.get(), nullptr, &id, nullptr);
  answers(status, room || victim ? MOELORA_OK : MOELORA_FULL,
          "expects room for an adapter where a slot is free or somebody idle");
  full += status == MOELORA_FULL;
  if (status != MOELORA_OK)
    return;
  require(!victim || slotOfId(id, table->indexBits) == *victim,
          "expects the idle adapter that was used least recently to go");
  newTenant(name, id);
}

void World::replace(int32_t slot, int32_t stream) {
  Loaded &tenant = live(slot);
  answers(moelora_slot_table_replace(table, tenant.id, ground.adapter.get(),
                                     nullptr, streams[index(stream)], nullptr),
          MOELORA_OK, "expects a present adapter to be replaced");
  ++tenant.version;
  tenant.change();
  sign(slot, tenant);
}

void World::toggle(int32_t slot, int32_t stream) {
  Loaded &tenant = live(slot);
  tenant.enabled = !tenant.enabled;
  answers(moelora_slot_table_enable(table, tenant.id, tenant.enabled,
                                    streams[index(stream)], nullptr),
          MOELORA_OK, "expects a present adapter to be enabled or disabled");
  tenant.change();
}

void World::evict(int32_t slot) {
  bool idle = isIdle(slot);
  answers(moelora_slot_table_evict(table, live(slot).id, nullptr),
          idle ? MOELORA_OK : MOELORA_BUSY,
          "expects exactly idle adapters to be evicted");
  busy += !idle;
  if (idle)
    gone(slot);
}

void World::evictAt(int32_t slot, int32_t stream) {
  bool idle = isIdle(slot);
  answers(moelora_slot_table_evict_at(table, slot, at(slot).generation + 1,
                                      streams[index(stream)], nullptr),
          idle ? MOELORA_OK : MOELORA_BUSY,
          "expects exactly idle adapters to be evicted");
  busy += !idle;
  if (idle)
    gone(slot);
}

void World::acquire(int32_t slot) {
  Loaded &tenant = live(slot);
  moelora_lease lease = {};
  answers(
      moelora_slot_table_acquire(table, tenant.name.c_str(), &lease, nullptr),
      MOELORA_OK, "expects a present adapter to be leased");
  require(lease.id == tenant.id, "expects a lease to tell its adapter's id");
  tenant.used = ++clock;
  leases.push_back({lease, static_cast<size_t>(&tenant - tenants.data())});
}

void World::release(int32_t slot) {
  auto found =
      std::find_if(leases.begin(), leases.end(), [&](const Lease &lease) {
        return tenants[lease.tenant].slot == slot;
      });
  answers(moelora_slot_table_release(table, &found->lease, nullptr), MOELORA_OK,
          "expects a lease that is out to end");
  answers(moelora_slot_table_release(table, &found->lease, nullptr),
          MOELORA_STALE, "expects a lease to end once");
  Loaded &tenant = tenants[found->tenant];
  tenant.used = ++clock;
  tenant.released = entered;
  leases.erase(found);
}

void World::enter(int32_t number, int32_t stream) {
  Pass &pass = passes[index(number)];
  answers(moelora_step_enter(pass.step, streams[index(stream)], nullptr),
          MOELORA_OK, "expects a step that has left to enter");
  pass.stream = stream;
  pass.inside = true;
  pass.batch.reset();
  pass.runs = 0;
  pass.serial = ++entered;
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [&](auto &entry) { return isPast(entry); }),
                entries.end());
  entries.push_back({entered});
  pass.present.clear();
  for (const Loaded &tenant : tenants)
    pass.present.push_back(tenant.served.size() - 1);
}

void World::leave(int32_t number) {
  Pass &pass = passes[index(number)];
  moelora_stream *stream = streams[index(pass.stream)];
  answers(moelora_step_leave(pass.step, stream, nullptr), MOELORA_OK,
          "expects a step that has entered to leave");
  pass.inside = false;
  pass.batch.reset();
  pass.lastPosition = reinterpret_cast<TestStream *>(stream)->asked;
  for (Entry &entry : entries)
    if (entry.serial == pass.serial)
      entry = {pass.serial, true, pass.stream, pass.lastPosition};
}

void World::stage() {
  stagedName = freeName();
  moelora_status status =
      moelora_slot_table_stage(table, stagedName.c_str(), -1,
                               ground.adapter.get(), nullptr, &staged, nullptr);
  require(status == MOELORA_OK || status == MOELORA_FULL,
          "expects an adapter to be staged, or no room for it");
  full += status == MOELORA_FULL;
}

void World::publishAt(int32_t stream) {
  int32_t slot = -1, id = -1;
  uint32_t generation = 0;
  if (moelora_staged_target(staged, &slot, &generation, nullptr) !=
      MOELORA_OK) {
    require(!nextVictim(), "expects a target where somebody is idle");
    ++full;
    return;
  }
  require(!tenantIn(slot) || isIdle(slot), "expects only idle adapters to go");
  answers(moelora_slot_table_publish_at(table, staged, slot, generation,
                                        streams[index(stream)], &id, nullptr),
          MOELORA_OK, "expects to publish at the target");
  staged = nullptr;
  newTenant(stagedName, id);
}

void World::abandon() {
  moelora_staged_abandon(std::exchange(staged, nullptr));
}

void World::look() {
  size_t before = table->buffers.count();
  moelora_slot_table_stats stats = {};
  stats.size = sizeof stats;
  answers(moelora_slot_table_read_stats(table, &stats, nullptr), MOELORA_OK,
          "expects statistics");
  late += table->buffers.count() < before;
}
