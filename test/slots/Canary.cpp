/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Canary.h"

#include "CanaryDevice.h"
#include "CanaryThreads.h"

#include <stdexcept>
#include <thread>

using namespace moelora::test;

namespace {

constexpr int32_t slots = 4;
constexpr int32_t maxRank = 32;
constexpr size_t streamCount = 3;

/// The mistake that generations prevent: whoever is in the slot is served.
void resolveAnybody(const moelora_directory *directory, const int32_t *ids,
                    int64_t tokens, int32_t count, int32_t *dense,
                    const moelora_adapter_layer **snapshot,
                    moelora_run_stats *) {
  constexpr uint64_t addresses = (uint64_t(1) << 48) - 1;
  for (int64_t t = 0; t < tokens; ++t) {
    int32_t slot = ids[t] & ((1 << MOELORA_SLOT_INDEX_BITS) - 1);
    dense[t] = -1;
    if (ids[t] < 0 || slot >= count)
      continue;
    uint64_t entry =
        __atomic_load_n(&directory->entry[slot], __ATOMIC_ACQUIRE) & addresses;
    if (auto *index = reinterpret_cast<const moelora_adapter_index *>(entry)) {
      dense[t] = slot;
      snapshot[slot] = &index->layer[directory->layer];
    }
  }
}

void note(void *context, const moelora_slot_event *event) {
  auto &stage = *static_cast<CanaryStage *>(context);
  stage.happened.add(event->kind);
  if (event->kind == MOELORA_SLOT_EVICTED ||
      event->kind == MOELORA_SLOT_REMOVED)
    stage.gone.add(event->id);
}

struct Loader {
  Loader() {
    moelora_loader_options options = {sizeof options, 1, 0};
    if (moelora_loader_create(&options, &loader, nullptr) != MOELORA_OK)
      throw std::runtime_error("expects a loader");
  }
  ~Loader() { moelora_loader_destroy(loader); }
  moelora_loader *loader = nullptr;
};

/// The front of an adapter: all have the same descriptions.
uint64_t frontOf(const moelora_slot_table *table) {
  SignedAdapter adapter({0, 0});
  moelora_slot_cost cost = {};
  moelora_slot_table_estimate(table, adapter.get(), &cost, nullptr);
  return cost.index_bytes;
}

void play(CanaryStage &stage, const CanaryOptions &options) {
  CanaryStreams streams(stage.device, streamCount);
  Loader loader;
  std::atomic<bool> stop{false};
  std::vector<std::thread> launchers, changers;
  for (uint32_t i = 0; i < uint32_t(options.threads); ++i) {
    uint32_t seed = uint32_t(options.seed) * 1000 + 2 * i; // apart from others
    launchers.emplace_back([&, seed] { launchRuns(stage, streams, seed); });
    changers.emplace_back([&, seed] {
      changeTenants(stage, streams, loader.loader, seed + 1, stop);
    });
  }
  for (std::thread &launcher : launchers)
    launcher.join();
  stop = true;
  for (std::thread &changer : changers)
    changer.join();
  streams.synchronize();
}

} // namespace

CanaryStage::CanaryStage(const CanaryOptions &options,
                         const moelora_device &device, CanaryCounts &counts)
    : options(options), device(device), counts(counts),
      remaining(options.tokens) {
  for (size_t i = 0; i < tenants.size(); ++i)
    tenants[i].name = "t" + std::to_string(i);
  moelora_services_init(nullptr, &services);
  if (!options.generations)
    services.resolve_slots = resolveAnybody;
  moelora_slot_table_options table_options = {};
  table_options.slots = slots;
  table_options.max_rank = maxRank;
  table_options.dtype = MOELORA_BF16;
  table_options.page_order = MOELORA_PAGE_ROW_MAJOR;
  table_options.device = &device;
  if (moelora_slot_table_create(&table_options, &table, nullptr) != MOELORA_OK)
    throw std::runtime_error("expects a table");
  moelora_slot_table_observe(table, note, this);
}

CanaryStage::~CanaryStage() { moelora_slot_table_destroy(table); }

void moelora::test::runCanary(const CanaryOptions &options,
                              CanaryResult &result) {
  CanaryDevice device(!options.events);
  {
    CanaryStage stage(options, *device.get(), result.counts);
    device.keepFront(frontOf(stage.table));
    play(stage, options);
    moelora_slot_table_read_stats(stage.table, &result.stats);
    moelora_slot_table_reset(stage.table, nullptr);
    moelora_slot_table_read_stats(stage.table, &result.after);
  }
  result.held = device.held();
}

std::vector<std::string> CanaryResult::faults() const {
  std::vector<std::string> all;
  auto expect = [&](bool holds, const char *what) {
    if (!holds)
      all.emplace_back(what);
  };
  const moelora_slot_table_stats &s = stats;
  expect(counts.crossed == 0, "a row of another tenant");
  expect(counts.notNumbers == 0, "a row of released memory");
  expect(counts.garbled == 0, "a row of several adapters");
  expect(counts.lost == 0, "a leased adapter that was not served");
  expect(counts.untimely == 0, "a version out of its time");
  expect(counts.refused == 0, "a run or a release that was refused");
  if (!all.empty())
    return all; // it ended early
  expect(s.ids.stale == counts.stale, "stale ids that were not counted so");
  expect(s.ids.masked == counts.masked + counts.disabled,
         "masked ids that were not counted so");
  expect(s.loads && s.evictions && s.removals && s.replaced && s.full &&
             s.busy && counts.stale && counts.disabled && counts.own,
         "something that did not happen at all");
  expect(after.used_slots == 0 && after.leased_slots == 0,
         "an adapter that was not idle in the end");
  expect(after.retired_blocks == 0 && after.held.bytes == 0 && held == 0,
         "memory that was not given back");
  return all;
}
