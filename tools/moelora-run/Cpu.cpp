// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cpu.h"

using namespace moelora;
using namespace moelora::run;

namespace {

moelora_buffer view(const Operand &operand) {
  return {operand.buffer.data(), operand.buffer.bytes(), operand.type, 0};
}

moelora_buffer view(const std::vector<int32_t> &values) {
  return {values.data(), values.size() * sizeof(int32_t), MOELORA_I32, 0};
}

void bindOperands(moelora_layer_call &run, const Inputs &inputs,
                  const Weights &weights, const std::vector<int32_t> &ids) {
  for (int role = 0; role < MOELORA_ROLES; ++role) {
    const Operand &input = inputs.operand[size_t(role)];
    run.operand[role] =
        view(input.buffer.data() ? input : weights.operand[size_t(role)]);
  }
  run.operand[MOELORA_SLOTS] = view(ids);
  run.operand[MOELORA_EXPERT_IDS] = view(inputs.expertIds);
  run.operand[MOELORA_TOKEN_IDS] = view(inputs.tokenIds);
  run.operand[MOELORA_TOKEN_TABLE].dtype = MOELORA_I32;
}

} // namespace

CpuRun moelora::run::runOnCpu(const moelora_artifact &artifact,
                              const Options &options, const Inputs &inputs,
                              const Weights &weights, const SlotTable &table,
                              const moelora_services &services) {
  CpuRun result;
  result.workspaceBytes =
      artifact.workspace_bytes(inputs.tokens, services.workers);
  result.output = Buffer(
      moelora_operand_needs(&artifact.layer, MOELORA_HIDDEN, inputs.tokens)
          .bytes);
  Buffer workspace(result.workspaceBytes);
  std::vector<int32_t> ids = table.idsOf(inputs.slots);
  moelora_directory directory = table.directory();

  moelora_layer_call run = {};
  run.tokens = inputs.tokens;
  run.entry = options.entry;
  bindOperands(run, inputs, weights, ids);
  run.output = result.output.data();
  run.output_bytes = result.output.bytes();
  run.workspace = workspace.data();
  run.workspace_bytes = workspace.bytes();
  run.directory = &directory;
  run.services = &services;
  run.stats = &result.stats;

  int32_t warmUps = options.repeat > 1 ? 1 : 0;
  for (int32_t i = -warmUps; i < options.repeat; ++i) {
    result.stats = {};
    Stopwatch watch;
    call("", moelora_layer_run, &artifact, &run);
    if (i >= 0)
      result.milliseconds.push_back(watch.milliseconds());
  }
  return result;
}
