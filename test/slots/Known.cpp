/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The state of the table that follows from its callers' calls, and the
 * invariants between any two calls.
 */
#include "World.h"

#include "base/Word.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

bool World::isIdle(int32_t slot) const {
  const Loaded *tenant = tenantIn(slot);
  if (!tenant)
    return false;
  for (const Lease &lease : leases)
    if (&tenants[lease.tenant] == tenant)
      return false;
  return std::all_of(entries.begin(), entries.end(), [&](const Entry &entry) {
    return entry.serial > tenant->released || isPast(entry);
  });
}

std::optional<int32_t> World::nextVictim() const {
  std::optional<int32_t> oldest;
  for (int32_t slot = 0; slot < bounds.slots; ++slot)
    if (isIdle(slot) &&
        (!oldest || tenantIn(slot)->used < tenantIn(*oldest)->used))
      oldest = slot;
  return oldest;
}

std::string World::freeName() const {
  for (int i = 0;; ++i) {
    std::string name = std::to_string(i);
    bool taken = staged && stagedName == name;
    for (const Loaded &tenant : tenants)
      taken = taken || (tenant.present && tenant.name == name);
    if (!taken)
      return name;
  }
}

/// Nothing reads the image before the device continues.
void World::sign(int32_t slot, const Loaded &tenant) const {
  char *image = table->buffers.at(at(slot).buffer).data();
  *reinterpret_cast<uint64_t *>(image) =
      signatureOf(tenant.number, tenant.version);
}

Loaded &World::newTenant(const std::string &name, int32_t id) {
  int32_t slot = slotOfId(id, table->indexBits);
  if (tenantIn(slot))
    gone(slot);
  Loaded tenant = {};
  tenant.name = name;
  tenant.number = tenants.size() + 1;
  tenant.id = id;
  tenant.slot = slot;
  tenant.used = ++clock;
  tenant.change();
  tenants.push_back(tenant);
  sign(slot, tenants.back());
  return tenants.back();
}

void World::gone(int32_t slot) {
  Loaded &tenant = live(slot);
  tenant.present = false;
  tenant.change();
}

void World::check() const {
  for (const Lease &lease : leases) {
    const Loaded &tenant = tenants[lease.tenant];
    require(tenant.present && isLive(tenant.slot) &&
                table->idOf(tenant.slot) == tenant.id,
            "expects a leased adapter to keep its slot");
  }
  for (int32_t slot = 0; slot < bounds.slots; ++slot) {
    const Loaded *tenant = tenantIn(slot);
    require(isLive(slot) == (tenant != nullptr),
            "expects slots to hold what was loaded");
    require(!tenant || at(slot).enabled == tenant->enabled,
            "expects an adapter to be enabled unless it was disabled");
  }
}
