// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cpu.h"

#include "moelora/runtime/Run.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::run;

namespace {

/// Roles that a run gives.
bool isGiven(int32_t role) {
  return role == MOELORA_HIDDEN || role == MOELORA_OUTPUT ||
         (role >= MOELORA_TOKEN_IDS && role <= MOELORA_EXPERT_WEIGHTS);
}

moelora_memory view(const Operand &operand, int32_t role) {
  moelora_memory memory = {};
  memory.size = sizeof memory;
  memory.role = role;
  memory.dtype = role == MOELORA_TOKEN_TABLE ? MOELORA_I32 : operand.type;
  memory.data = operand.buffer.data();
  memory.dims = int32_t(operand.shape.size());
  std::copy(operand.shape.begin(), operand.shape.end(), memory.shape);
  return memory;
}

/// The weights that the variant asks for.
std::vector<moelora_memory> viewAll(const moelora_variant &variant,
                                    const Weights &weights) {
  std::vector<moelora_memory> list;
  for (uint32_t row = 0; row < variant.operands; ++row)
    if (int32_t role = variant.operand[row].role; !isGiven(role))
      list.push_back(view(weights.operand[size_t(role)], role));
  return list;
}

moelora_run describe(const Options &options, const Inputs &inputs,
                     const CpuRun &result, const Buffer &workspace) {
  moelora_run run = {};
  run.size = sizeof run;
  run.entry = options.entry;
  run.tokens = inputs.tokens;
  run.hidden = inputs.operand[MOELORA_HIDDEN].buffer.data();
  run.router_hidden = inputs.operand[MOELORA_ROUTER_HIDDEN].buffer.data();
  run.output = result.output.data();
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

/// What the table's counters tell of ids, from one moment to another.
void addIds(moelora_run_stats &stats, const moelora_run_stats &before,
            const moelora_run_stats &after) {
  stats.masked_slots = after.masked_slots - before.masked_slots;
  stats.stale_slots = after.stale_slots - before.stale_slots;
}

} // namespace

BoundLayer::BoundLayer(const moelora_artifact &artifact, int number,
                       const Weights &weights, const SlotTable &table,
                       const moelora_services &services) {
  call("", moelora_program_create, &artifact,
       static_cast<const char *>(nullptr), moelora_device_cpu(), &services,
       &program);
  std::vector<moelora_memory> list =
      viewAll(*moelora_program_variant(program), weights);
  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.layer = number;
  binding.weights = uint32_t(list.size());
  binding.weight = list.data();
  binding.table = table.get();
  moelora_error *error = nullptr;
  if (moelora_layer_bind(program, &binding, &layer, &error) == MOELORA_OK)
    return;
  moelora_program_destroy(program, nullptr);
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  throw Error(text);
}

BoundLayer::~BoundLayer() {
  moelora_layer_unbind(layer, nullptr);
  moelora_program_destroy(program, nullptr);
}

uint64_t BoundLayer::outputBytes(int64_t tokens) const {
  const moelora_variant *variant = moelora_program_variant(program);
  return moelora_variant_operand_bytes(
      variant,
      moelora_variant_operand(variant, MOELORA_OUTPUT, MOELORA_PART_VALUES),
      tokens);
}

CpuRun moelora::run::runOnCpu(const BoundLayer &layer, const Options &options,
                              const Inputs &inputs, const SlotTable &table) {
  CpuRun result;
  result.workspaceBytes =
      moelora_layer_workspace(layer.get(), options.entry, inputs.tokens);
  result.output = Buffer(layer.outputBytes(inputs.tokens));
  Buffer workspace(result.workspaceBytes);
  Step step(table, table.idsOf(inputs.slots));
  moelora_run run = describe(options, inputs, result, workspace);
  run.step = step.get();
  run.stats = &result.stats;
  step.enter();
  int32_t warmUps = options.repeat > 1 ? 1 : 0;
  for (int32_t i = -warmUps; i < options.repeat; ++i) {
    result.stats = {};
    moelora_run_stats before = table.stats().runs;
    Stopwatch watch; // as for a model of this one layer
    step.resolve();
    call("", moelora_layer_run, layer.get(), &run);
    if (i >= 0)
      result.milliseconds.push_back(watch.milliseconds());
    addIds(result.stats, before, table.stats().runs);
  }
  step.leave();
  return result;
}
