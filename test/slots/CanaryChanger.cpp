/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Changes of the slots, at random.
 */
#include "CanaryThreads.h"

#include <cstdlib>

using namespace moelora::test;

namespace {

class Changer {
public:
  Changer(CanaryStage &stage, const CanaryStreams &streams,
          moelora_loader *loader, uint32_t seed)
      : stage(stage), streams(streams), loader(loader), random(seed) {}

  void changeOne() {
    uint32_t die = random() % 100;
    auto which = static_cast<int32_t>(random() % stage.tenants.size());
    if (die < 40)
      load(which);
    else if (die == 40)
      moelora_slot_table_reset(stage.table, nullptr);
    else
      changePresent(die);
  }

private:
  void load(int32_t which) {
    CanaryTenant &tenant = stage.tenants[size_t(which)];
    std::lock_guard<std::mutex> lock(tenant.changing);
    int32_t version = ++tenant.versions.asked;
    SignedAdapter adapter({which, version & (canaryVersions - 1)});
    int32_t id = -1;
    bool later = random() % 2;
    if ((later ? loadLater(tenant, adapter)
               : moelora_slot_table_assign(stage.table, tenant.name.c_str(),
                                           adapter.get(), nullptr, &id,
                                           nullptr)) != MOELORA_OK)
      return;
    tenant.versions.settle(version);
    tenant.outages.settle(tenant.outages.asked);
  }

  moelora_status loadLater(const CanaryTenant &tenant,
                           const SignedAdapter &adapter) {
    moelora_load_request request = {};
    request.size = sizeof request;
    request.table = stage.table;
    request.name = tenant.name.c_str();
    request.adapter = adapter.get();
    moelora_load *load = nullptr;
    moelora_status status =
        moelora_load_start(loader, &request, &load, nullptr);
    if (status != MOELORA_OK)
      return status;
    int32_t id = -1;
    status = moelora_load_wait(load, -1, &id, nullptr);
    moelora_load_close(load);
    return status;
  }

  /// The tenant of a random slot, if there is one.
  void changePresent(uint32_t die) {
    auto slot = static_cast<int32_t>(random() % canarySlots);
    moelora_slot_info info = {};
    info.size = sizeof info;
    moelora_slot_table_inspect(stage.table, slot, &info, nullptr);
    if (info.state != MOELORA_SLOT_LIVE)
      return;
    int32_t which = std::atoi(info.name + 1);
    CanaryTenant &tenant = stage.tenants[size_t(which)];
    std::lock_guard<std::mutex> lock(tenant.changing);
    moelora_stream *stream = streams.pick(random);
    if (die < 70)
      replace(which, info.id, stream);
    else if (die < 78)
      disable(tenant, info.id, stream);
    else if (die < 90)
      enable(tenant, info.id, stream);
    else
      moelora_slot_table_evict(stage.table, info.id, nullptr);
  }

  void replace(int32_t which, int32_t id, moelora_stream *stream) {
    CanaryTenant &tenant = stage.tenants[size_t(which)];
    int32_t version = ++tenant.versions.asked;
    SignedAdapter adapter({which, version & (canaryVersions - 1)});
    if (moelora_slot_table_replace(stage.table, id, adapter.get(), nullptr,
                                   stream, nullptr) == MOELORA_OK)
      tenant.versions.settle(version);
  }

  void disable(CanaryTenant &tenant, int32_t id, moelora_stream *stream) {
    ++tenant.outages.asked;
    moelora_slot_table_enable(stage.table, id, 0, stream, nullptr);
  }

  void enable(CanaryTenant &tenant, int32_t id, moelora_stream *stream) {
    int32_t outages = tenant.outages.asked;
    if (moelora_slot_table_enable(stage.table, id, 1, stream, nullptr) ==
        MOELORA_OK)
      tenant.outages.settle(outages);
  }

  CanaryStage &stage;
  const CanaryStreams &streams;
  moelora_loader *loader;
  std::mt19937 random;
};

} // namespace

void moelora::test::changeTenants(CanaryStage &stage,
                                  const CanaryStreams &streams,
                                  moelora_loader *loader, uint32_t seed,
                                  const std::atomic<bool> &stop) {
  Changer changer(stage, streams, loader, seed);
  while (!stop)
    changer.changeOne();
}
