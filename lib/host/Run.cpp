// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Run.h"

#include <algorithm>
#include <cstring>

using namespace moelora;
using namespace moelora::host;

namespace {

/// The roles that a run provides.
bool isGiven(int32_t role) {
  return role == MOELORA_HIDDEN || role == MOELORA_OUTPUT ||
         (role >= MOELORA_TOKEN_IDS && role <= MOELORA_EXPERT_WEIGHTS);
}

moelora_memory view(const Operand &operand, int32_t role, void *data) {
  auto memory = sized<moelora_memory>();
  memory.role = role;
  memory.dtype = role == MOELORA_TOKEN_TABLE ? MOELORA_I32 : operand.type;
  memory.data = data;
  memory.dims = int32_t(operand.shape.size());
  std::copy(operand.shape.begin(), operand.shape.end(), memory.shape);
  return memory;
}

} // namespace

BoundLayer::BoundLayer(const CompiledLayer &compiled, const Weights &given,
                       const SlotTable &table, moelora_group *group)
    : compiled(compiled), group(group) {
  std::vector<moelora_memory> list;
  for (uint32_t row = 0; row < compiled.variant.operands; ++row) {
    int32_t role = compiled.variant.operand[row].role;
    if (isGiven(role) || role == MOELORA_EXPERT_MAP)
      continue;
    const Operand &operand = given.operand[size_t(role)];
    weights.emplace_back(*compiled.target.device, operand.buffer.data(),
                         operand.buffer.bytes());
    weights.back().toDevice();
    list.push_back(view(operand, role, weights.back().get()));
  }
  auto binding = sized<moelora_binding>();
  binding.layer = compiled.number;
  binding.weights = uint32_t(list.size());
  binding.weight = list.data();
  binding.table = table.get();
  binding.group = group;
  moelora_bound_layer *bound = nullptr;
  call(moelora_layer_bind, compiled.program.get(), &binding, &bound);
  layer.reset(bound);
}

Peers BoundLayer::peers(const Inputs &inputs) const {
  uint32_t axes = 0;
  int32_t grid[MOELORA_AXES];
  moelora_variant_grid(&compiled.variant, grid, &axes);
  return {group, group ? axes & ~uint32_t(MOELORA_AXIS_DP) : 0,
          inputs.peerTokens};
}

uint64_t BoundLayer::outputBytes(int64_t tokens) const {
  const moelora_variant *variant = &compiled.variant;
  return moelora_variant_operand_bytes(
      variant,
      moelora_variant_operand(variant, MOELORA_OUTPUT, MOELORA_PART_VALUES),
      tokens);
}

host::Run::Run(const BoundLayer &layer, moelora_entry_kind entry,
               const Inputs &inputs, const SlotTable &table,
               moelora_stream *stream)
    : output(layer.outputBytes(inputs.tokens)),
      step(table.get(), table.idsOf(inputs.slots),
           *layer.compiled.target.device, layer.compiled.program.get(), stream,
           layer.peers(inputs)),
      layer(layer), device(*layer.compiled.target.device),
      workspace(moelora_layer_workspace(
          layer.get(), entry, std::max(inputs.tokens, inputs.peerTokens))),
      last(std::make_unique<moelora_run_stats>()),
      placedOutput(device, output.data(), output.bytes()),
      placedWorkspace(device, workspace.data(), workspace.bytes()),
      placedStats(device, last.get(), sizeof *last),
      arguments(describe(entry, inputs)) {
  arguments.on = stream;
}

const void *host::Run::place(const void *data, uint64_t bytes) {
  // What a run reads is copied to the device and not back.
  inputs.emplace_back(device, const_cast<void *>(data), bytes);
  inputs.back().toDevice();
  return inputs.back().get();
}

const void *host::Run::place(const Operand &operand) {
  return place(operand.buffer.data(), operand.buffer.bytes());
}

moelora_run host::Run::describe(moelora_entry_kind entry, const Inputs &from) {
  auto ints = [&](const std::vector<int32_t> &values) {
    return static_cast<const int32_t *>(
        place(values.data(), values.size() * sizeof(int32_t)));
  };
  auto floats = [&](moelora_role role) {
    return static_cast<const float *>(place(from.operand[role]));
  };
  auto run = sized<moelora_run>();
  run.entry = entry;
  run.tokens = from.tokens;
  run.step = step.get();
  run.hidden = place(from.operand[MOELORA_HIDDEN]);
  run.router_hidden = place(from.operand[MOELORA_ROUTER_HIDDEN]);
  run.output = placedOutput.get();
  run.logits = floats(MOELORA_ROUTER_LOGITS);
  run.weights = floats(MOELORA_EXPERT_WEIGHTS);
  run.expert_ids = ints(from.expertIds);
  run.token_ids = ints(from.tokenIds);
  run.workspace = placedWorkspace.get();
  run.workspace_bytes = workspace.bytes();
  run.stats = placedStats.get<moelora_run_stats>();
  return run;
}

void host::Run::run() {
  *last = {};
  placedStats.toDevice();
  repeat();
}

void host::Run::repeat() {
  enqueue();
  call(device.stream_synchronize, device.context, arguments.on);
}

void host::Run::enqueue() {
  step.resolve();
  call(moelora_layer_run, layer.get(), &arguments);
}

void host::Run::poison() {
  std::memset(output.data(), 0xff, output.bytes());
  placedOutput.toDevice();
}

void host::Run::fetch() {
  placedOutput.toHost();
  placedStats.toHost();
}
