// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Adapters.h"

#include "moelora/models/AdapterTarget.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace moelora;
using namespace moelora::run;

namespace {

/// A folder of the system's temporary ones, gone when this goes.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "moelora-run-XXXXXX");
    if (!mkdtemp(name.data()))
      throw Error("cannot make a temporary folder " + name);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;

  std::string path;
};

OpenAdapter open(const AdapterOption &option,
                 const moelora_adapter_target &target) {
  moelora_adapter *opened = nullptr;
  call("adapter " + option.name + ": ", moelora_adapter_open,
       option.folder.c_str(), &target, &option.stated, &opened);
  OpenAdapter adapter;
  adapter.name = option.name;
  adapter.handle.reset(opened);
  return adapter;
}

/// The folder goes as soon as it is open: an adapter keeps its file.
OpenAdapter openRandom(size_t number, int32_t rank, uint64_t seed,
                       const models::Model &model, int layer,
                       const moelora_adapter_target &target,
                       const moelora_services &services) {
  TemporaryFolder folder;
  writeRandomAdapter(folder.path, model, layer, rank, seed + number, services);
  return open({"random-" + std::to_string(number), folder.path}, target);
}

void checkCount(size_t count, const moelora_variant &variant) {
  if (count > size_t(variant.adapters.slots))
    throw Error(
        "expects at most the " + std::to_string(variant.adapters.slots) +
        " slots of the compiled layer, but " + std::to_string(count) +
        " adapters are given; compile with --slots=" + std::to_string(count));
}

/// Said before any weight is read, and on every device alike.
void checkRank(const OpenAdapter &adapter, const moelora_variant &variant) {
  moelora_adapter_summary summary = {};
  summary.size = sizeof summary;
  moelora_adapter_summarize(adapter.handle.get(), &summary);
  if (summary.max_rank > variant.adapters.max_rank)
    throw Error(
        "adapter " + adapter.name + ": expects ranks of at most " +
        std::to_string(variant.adapters.max_rank) +
        ", the max_rank of the compiled layer, but it has rank " +
        std::to_string(summary.max_rank) +
        "; compile with --max-rank=" + std::to_string(summary.max_rank));
}

/// Such an adapter is right, and probably not what was meant.
void noteEffect(const OpenAdapter &adapter) {
  int32_t effect = 0;
  call("adapter " + adapter.name + ": ", moelora_adapter_has_effect,
       adapter.handle.get(), &effect);
  if (!effect)
    std::fprintf(stderr,
                 "note: adapter %s changes nothing: each pair has the scale 0, "
                 "or an A or B of zeros\n",
                 adapter.name.c_str());
}

} // namespace

std::vector<OpenAdapter>
moelora::run::openAdapters(const Options &options, const models::Model &model,
                           int layer, const moelora_variant &variant,
                           const moelora_services &services) {
  checkCount(options.adapters.size() + options.randomAdapters.size(), variant);
  models::AdapterTarget names(model);
  moelora_adapter_target target = names.get();
  std::vector<OpenAdapter> adapters;
  for (const AdapterOption &option : options.adapters)
    adapters.push_back(open(option, target));
  for (size_t i = 0; i < options.randomAdapters.size(); ++i)
    adapters.push_back(openRandom(i, options.randomAdapters[i], options.seed,
                                  model, layer, target, services));
  for (const OpenAdapter &adapter : adapters) {
    checkRank(adapter, variant);
    noteEffect(adapter);
  }
  return adapters;
}

run::SlotTable::SlotTable(const std::vector<OpenAdapter> &adapters,
                          const moelora_variant &variant,
                          const models::Model &model, int layer,
                          const moelora_services &services) {
  if (variant.adapters.slots == 0)
    return;
  models::AdapterTarget names(model);
  moelora_adapter_target target = names.get();
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.target = &target;
  options.slots = variant.adapters.slots;
  options.max_rank = variant.adapters.max_rank;
  options.dtype = variant.adapters.dtype;
  options.page_order = variant.adapters.page_order;
  options.layers = &layer;
  options.layer_count = 1;
  moelora_slot_table *made = nullptr;
  call("", moelora_slot_table_create, &options, &made);
  table.reset(made);
  for (const OpenAdapter &adapter : adapters)
    add(adapter, services);
}

void run::SlotTable::add(const OpenAdapter &adapter,
                         const moelora_services &services) {
  std::string context = "adapter " + adapter.name + ": ";
  moelora_staging staging = {};
  staging.size = sizeof staging;
  staging.services = &services;
  int32_t id = -1;
  call(context, moelora_slot_table_assign, table.get(), adapter.name.c_str(),
       adapter.handle.get(), &staging, &id);
  moelora_lease lease = {};
  call(context, moelora_slot_table_acquire, table.get(), adapter.name.c_str(),
       &lease);
  leases.push_back(lease);
}

/// What ran has run: the cpu is done when its calls return.
run::SlotTable::~SlotTable() {
  for (const moelora_lease &lease : leases)
    moelora_slot_table_release(table.get(), &lease, nullptr);
}

moelora_slot_table_stats run::SlotTable::stats() const {
  moelora_slot_table_stats stats = {};
  stats.size = sizeof stats;
  if (table)
    call("", moelora_slot_table_read_stats, table.get(), &stats);
  return stats;
}

std::vector<int32_t>
run::SlotTable::idsOf(const std::vector<int32_t> &slots) const {
  std::vector<int32_t> result;
  result.reserve(slots.size());
  for (int32_t slot : slots)
    result.push_back(slot < 0 ? -1 : leases[size_t(slot)].id);
  return result;
}

run::Step::Step(const SlotTable &table, std::vector<int32_t> tokenIds)
    : ids(std::move(tokenIds)) {
  if (table.get())
    call("", moelora_step_create, table.get(),
         std::max<int64_t>(int64_t(ids.size()), 1), &step);
}

run::Step::~Step() { moelora_step_destroy(step, nullptr); }

void run::Step::enter() {
  if (step)
    call("", moelora_step_enter, step, static_cast<moelora_stream *>(nullptr));
}

void run::Step::resolve() {
  if (step)
    call("", moelora_step_resolve, step, static_cast<moelora_stream *>(nullptr),
         ids.data(), int64_t(ids.size()),
         static_cast<const int32_t *>(nullptr));
}

void run::Step::leave() {
  if (step)
    call("", moelora_step_leave, step, static_cast<moelora_stream *>(nullptr));
}

ExactAdapter::ExactAdapter(const OpenAdapter &opened,
                           const moelora_layer &layer, int layerNumber)
    : name(opened.name), handle(opened.handle.get()), layerNumber(layerNumber) {
  for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
    adapter.pairs[size_t(p)].resize(
        p <= MOELORA_DOWN ? size_t(layer.router.experts) : 1);
}

void ExactAdapter::read(moelora_projection projection, int32_t expert) {
  moelora_pair_info info = {};
  info.size = sizeof info;
  if (!done.emplace(projection, expert).second ||
      moelora_adapter_pair(handle, layerNumber, projection, expert, &info) !=
          MOELORA_OK)
    return;
  std::string context = "adapter " + name + ": ";
  auto &a = storage.emplace_back(size_t(info.rank * info.in));
  call(context, moelora_adapter_read_a, handle, layerNumber, projection, expert,
       a.data());
  const float *aData = a.data();
  auto &b = storage.emplace_back(size_t(info.out * info.rank));
  call(context, moelora_adapter_read_b, handle, layerNumber, projection, expert,
       b.data());
  adapter.pairs[projection][size_t(expert)] = {
      {MOELORA_F32, aData, info.rank, info.in, info.in},
      {MOELORA_F32, b.data(), info.out, info.rank, info.rank},
      info.scale};
}
