// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Run.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::host;

namespace {

/// The roles that a run provides.
bool isGiven(int32_t role) {
  return role == MOELORA_HIDDEN || role == MOELORA_OUTPUT ||
         (role >= MOELORA_TOKEN_IDS && role <= MOELORA_EXPERT_WEIGHTS);
}

moelora_memory view(const Operand &operand, int32_t role) {
  auto memory = sized<moelora_memory>();
  memory.role = role;
  memory.dtype = role == MOELORA_TOKEN_TABLE ? MOELORA_I32 : operand.type;
  memory.data = operand.buffer.data();
  memory.dims = int32_t(operand.shape.size());
  std::copy(operand.shape.begin(), operand.shape.end(), memory.shape);
  return memory;
}

/// The weights of the variant.
std::vector<moelora_memory> viewAll(const moelora_variant &variant,
                                    const Weights &weights) {
  std::vector<moelora_memory> list;
  for (uint32_t row = 0; row < variant.operands; ++row)
    if (int32_t role = variant.operand[row].role; !isGiven(role))
      list.push_back(view(weights.operand[size_t(role)], role));
  return list;
}

moelora_run describe(moelora_entry_kind entry, const Inputs &inputs,
                     const Buffer &output, const Buffer &workspace) {
  auto run = sized<moelora_run>();
  run.entry = entry;
  run.tokens = inputs.tokens;
  run.hidden = inputs.operand[MOELORA_HIDDEN].buffer.data();
  run.router_hidden = inputs.operand[MOELORA_ROUTER_HIDDEN].buffer.data();
  run.output = output.data();
  run.logits = reinterpret_cast<const float *>(
      inputs.operand[MOELORA_ROUTER_LOGITS].buffer.data());
  run.weights = reinterpret_cast<const float *>(
      inputs.operand[MOELORA_EXPERT_WEIGHTS].buffer.data());
  run.expert_ids = inputs.expertIds.data();
  run.token_ids = inputs.tokenIds.data();
  run.workspace = workspace.data();
  run.workspace_bytes = workspace.bytes();
  return run;
}

} // namespace

BoundLayer::BoundLayer(const moelora_artifact &artifact, int number,
                       const Weights &weights, const SlotTable &table,
                       const moelora_services &services) {
  moelora_program *made = nullptr;
  call(moelora_program_create, &artifact, nullptr, moelora_device_cpu(),
       &services, &made);
  program.reset(made);
  std::vector<moelora_memory> list =
      viewAll(*moelora_program_variant(program.get()), weights);
  auto binding = sized<moelora_binding>();
  binding.layer = number;
  binding.weights = uint32_t(list.size());
  binding.weight = list.data();
  binding.table = table.get();
  moelora_bound_layer *bound = nullptr;
  call(moelora_layer_bind, program.get(), &binding, &bound);
  layer.reset(bound);
}

uint64_t BoundLayer::outputBytes(int64_t tokens) const {
  const moelora_variant *variant = moelora_program_variant(program.get());
  return moelora_variant_operand_bytes(
      variant,
      moelora_variant_operand(variant, MOELORA_OUTPUT, MOELORA_PART_VALUES),
      tokens);
}

host::Run::Run(const BoundLayer &layer, moelora_entry_kind entry,
               const Inputs &inputs, const SlotTable &table)
    : output(layer.outputBytes(inputs.tokens)), layer(layer),
      workspace(moelora_layer_workspace(layer.get(), entry, inputs.tokens)),
      step(table.get(), table.idsOf(inputs.slots)),
      arguments(describe(entry, inputs, output, workspace)) {
  arguments.step = step.get();
}

void host::Run::run() {
  last = {};
  arguments.stats = &last;
  step.resolve();
  call(moelora_layer_run, layer.get(), &arguments);
}
