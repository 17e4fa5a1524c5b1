// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Adapters.h"

#include "moelora/models/AdapterTarget.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::host;

TableHandle moelora::host::makeTable(const moelora_adapter_target &target,
                                     const moelora_facts &facts,
                                     const moelora_device *device,
                                     const int32_t *layer,
                                     const models::Part &part) {
  auto options = sized<moelora_slot_table_options>();
  options.target = &target;
  options.slots = facts.slots;
  options.max_rank = facts.max_rank;
  options.dtype = facts.dtype;
  options.page_order = facts.page_order;
  options.shared_a = facts.shared_a;
  options.device = device;
  options.layers = layer;
  options.layer_count = layer ? 1 : 0;
  options.tp_rank = int32_t(part.tp);
  options.tp_size = int32_t(part.tpSize);
  if (part.experts) {
    options.experts = part.experts->data();
    options.expert_count = int32_t(part.experts->size());
  }
  moelora_slot_table *made = nullptr;
  call(moelora_slot_table_create, &options, &made);
  return TableHandle(made);
}

moelora_slot_table_stats moelora::host::statsOf(moelora_slot_table *table) {
  auto stats = sized<moelora_slot_table_stats>();
  if (table)
    call(moelora_slot_table_read_stats, table, &stats);
  return stats;
}

host::SlotTable::SlotTable(const std::vector<OpenAdapter> &adapters,
                           const CompiledLayer &layer,
                           const models::Part &part) {
  if (layer.variant.adapters.slots == 0)
    return;
  models::AdapterTarget names(layer.model);
  moelora_adapter_target target = names.get();
  table = makeTable(target, layer.variant.adapters, layer.target.device,
                    &layer.number, part);
  for (const OpenAdapter &adapter : adapters)
    add(adapter, layer.target.services);
}

void host::SlotTable::add(const OpenAdapter &adapter,
                          const moelora_services &services) {
  std::string context = "adapter " + adapter.name + ": ";
  auto staging = sized<moelora_staging>();
  staging.services = &services;
  int32_t id = -1;
  callFor(context, moelora_slot_table_assign, table.get(), adapter.name.c_str(),
          adapter.handle.get(), &staging, &id);
  moelora_lease lease = {};
  callFor(context, moelora_slot_table_acquire, table.get(),
          adapter.name.c_str(), &lease);
  leases.push_back(lease);
}

/// No run can be under way, because each one waits until its work is done.
host::SlotTable::~SlotTable() {
  for (const moelora_lease &lease : leases)
    moelora_slot_table_release(table.get(), &lease, nullptr);
}

std::vector<int32_t>
host::SlotTable::idsOf(const std::vector<int32_t> &slots) const {
  std::vector<int32_t> result;
  result.reserve(slots.size());
  for (int32_t slot : slots)
    result.push_back(slot < 0 ? -1 : leases[size_t(slot)].id);
  return result;
}

host::Step::Step(moelora_slot_table *table, std::vector<int32_t> tokenIds,
                 const moelora_device &device, moelora_program *program,
                 moelora_stream *stream, const Peers &peers)
    : ids(std::move(tokenIds)), stream(stream) {
  if (!table)
    return;
  placed = OnDevice(device, ids.data(), ids.size() * sizeof(int32_t));
  placed.toDevice();
  moelora_step *made = nullptr;
  int64_t most = std::max(int64_t(ids.size()), peers.tokens);
  call(moelora_step_create, table, program, std::max<int64_t>(most, 1), &made);
  step.reset(made);
  if (peers.axes)
    call(moelora_step_join, made, peers.group, peers.axes);
  enter();
}

host::Step::~Step() {
  if (step && entered)
    moelora_step_leave(get(), stream, nullptr);
}

void host::Step::enter() {
  call(moelora_step_enter, get(), stream);
  entered = true;
}

void host::Step::leave() {
  call(moelora_step_leave, get(), stream);
  entered = false;
}

void host::Step::setIds(std::vector<int32_t> tokenIds) {
  std::copy(tokenIds.begin(), tokenIds.end(), ids.begin());
  placed.toDevice();
}

void host::Step::resolve(const int32_t *validTokens) {
  if (step)
    call(moelora_step_resolve, get(), stream, placed.get<int32_t>(),
         int64_t(ids.size()), validTokens);
}
