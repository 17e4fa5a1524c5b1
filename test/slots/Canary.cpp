/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Canary.h"

#include "CanaryDevice.h"
#include "CanaryThreads.h"
#include "TestDevice.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

using namespace moelora::test;

extern "C" const moelora_artifact *moelora_query(uint32_t abi, uint32_t index);

namespace {

constexpr int32_t maxRank = 32;
constexpr size_t streamCount = 3;

/// A weight of bf16, as the layer has it.
moelora_memory weightOf(const moelora_variant &variant, int32_t role,
                        const CanaryMemory &values) {
  const moelora_operand &row =
      variant.operand[moelora_variant_operand(&variant, role, 0)];
  moelora_memory memory = {};
  memory.size = sizeof memory;
  memory.role = role;
  memory.dtype = MOELORA_BF16;
  memory.data = values.get();
  memory.dims = row.dims;
  std::copy_n(row.shape, row.dims, memory.shape);
  return memory;
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
                         const moelora_device &device,
                         const moelora_artifact &artifact, CanaryCounts &counts)
    : options(options), device(device), counts(counts),
      remaining(options.tokens) {
  if (runsHostKernels(device)) {
    check.emplace(device, CanaryRun::checkKernel);
    anybody.emplace(device, CanaryRun::anybodyKernel);
  }
  for (size_t i = 0; i < tenants.size(); ++i)
    tenants[i].name = "t" + std::to_string(i);
  moelora_slot_table_options table_options = {};
  table_options.size = sizeof table_options;
  table_options.slots = canarySlots;
  table_options.max_rank = maxRank;
  table_options.dtype = MOELORA_BF16;
  table_options.page_order = artifact.variant->adapters.page_order;
  table_options.shared_a = artifact.variant->adapters.shared_a;
  table_options.device = &device;
  table_options.target = &canaryTarget();
  if (moelora_slot_table_create(&table_options, &table, nullptr) != MOELORA_OK)
    throw std::runtime_error("expects a table");
  moelora_slot_table_observe(table, note, this, nullptr);
  bindLayers(artifact);
}

void CanaryStage::bindLayers(const moelora_artifact &artifact) {
  std::vector<moelora_memory> weight;
  auto add = [&](int32_t role, std::vector<uint16_t> &values) {
    placedWeights.emplace_back(device, values).toDevice(nullptr);
    weight.push_back(weightOf(*artifact.variant, role, placedWeights.back()));
  };
  add(MOELORA_ROUTER_WEIGHT, weights.router);
  add(MOELORA_GATE_UP_WEIGHT, weights.gateUp);
  add(MOELORA_DOWN_WEIGHT, weights.down);
  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.weights = uint32_t(weight.size());
  binding.weight = weight.data();
  binding.table = table;
  bool bound = moelora_program_create(&artifact, nullptr, &device, nullptr,
                                      &program, nullptr) == MOELORA_OK;
  for (int32_t number = 0; bound && number < canaryLayers; ++number) {
    binding.layer = number;
    bound = moelora_layer_bind(program, &binding, &layers[size_t(number)],
                               nullptr) == MOELORA_OK;
  }
  if (!bound)
    throw std::runtime_error("expects layers that fit");
}

CanaryStage::~CanaryStage() {
  for (moelora_bound_layer *layer : layers)
    moelora_layer_unbind(layer, nullptr);
  moelora_program_destroy(program, nullptr);
  moelora_slot_table_destroy(table, nullptr);
}

namespace {

/// `keepFront` is the number of bytes of freed memory that stay readable.
template <typename KeepFront>
void runOn(
    const moelora_device &device, KeepFront keepFront,
    const CanaryOptions &options, CanaryResult &result,
    const moelora_artifact &artifact = *moelora_query(MOELORA_ABI_VERSION, 0)) {
  CanaryStage stage(options, device, artifact, result.counts);
  keepFront(frontOf(stage.table));
  play(stage, options);
  moelora_slot_table_read_stats(stage.table, &result.stats, nullptr);
  moelora_slot_table_reset(stage.table, nullptr);
  { // evictions are done when a step that comes after them is past
    CanaryRun last(stage);
    std::mt19937 random;
    last.launch({}, 1, nullptr, random);
    last.wait();
    CanaryStreams(device, 0).synchronize();
  }
  moelora_slot_table_read_stats(stage.table, &result.after, nullptr);
}

void runHidden(const CanaryOptions &options, CanaryResult &result) {
  TestDeviceOptions how;
  how.threaded = true;
  how.freed = TestFreed::Kept;
  how.mostKept = 32; // of about 100 KB each: the host is kept out of all
  TestDevice device(how);
  auto keepFront = [&](uint64_t bytes) { device.memory.keepFront(bytes); };
  runOn(*device.get(), keepFront, options, result);
  result.held = device.live().all();
  result.complaints = device.complaints();
}

/// Kernels of the device itself: an access to freed memory is a fault of it.
void runNamed(const CanaryOptions &options, CanaryResult &result) {
  if (!options.generations || !options.events)
    throw std::runtime_error("expects mistakes on the cpu only");
  const moelora_device *device = nullptr;
  moelora_artifact_file *file = nullptr;
  moelora_error *error = nullptr;
  if (moelora_device_open(options.device.c_str(), &device, &error) !=
          MOELORA_OK ||
      moelora_artifact_load(options.artifact.c_str(), &file, &error) !=
          MOELORA_OK)
    throw std::runtime_error(moelora_error_text(error));
  runOn(
      *device, [](uint64_t) {}, options, result, *moelora_artifact_of(file, 0));
  moelora_artifact_close(file, nullptr);
  moelora_device_close(device, nullptr);
}

} // namespace

void moelora::test::runCanary(const CanaryOptions &options,
                              CanaryResult &result) {
  if (!options.device.empty())
    return runNamed(options, result);
  if (options.hidden)
    return runHidden(options, result);
  CanaryDevice device(!options.events);
  auto keepFront = [&](uint64_t bytes) { device.keepFront(bytes); };
  runOn(*device.get(), keepFront, options, result);
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
  expect(s.runs.stale_slots == counts.stale,
         "stale ids that were not counted so");
  expect(s.runs.masked_slots == counts.masked + counts.disabled,
         "masked ids that were not counted so");
  expect(s.loads && s.evictions && s.removals && s.replaced && s.full &&
             s.busy && counts.stale && counts.disabled && counts.own,
         "something that did not happen at all");
  expect(after.used_slots == 0 && after.leased_slots == 0,
         "an adapter that was not idle in the end");
  expect(after.retired_buffers == 0 && after.held.bytes == 0 && held == 0,
         "memory that was not given back");
  expect(complaints.empty(), "rules of devices that were broken");
  return all;
}
