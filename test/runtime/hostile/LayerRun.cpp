/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Random signed weights and hidden states for the layer written by hand.
 */
#include "LayerRun.h"

#include "base/Convert.h"

#include <gtest/gtest.h>

extern "C" const moelora_artifact *moelora_query(uint32_t abi_version);

namespace moelora::test {

constexpr size_t alignment = 64; // of workspaces

static const moelora_artifact &artifact() {
  return *moelora_query(MOELORA_ABI_VERSION);
}

Sizes layerSizes() {
  const moelora_layer &layer = artifact().layer;
  return {layer.router.experts, layer.hidden, layer.intermediate, 6};
}

static std::vector<uint16_t> randomValues(Random &random, int64_t count) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<uint16_t> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(narrow<BF16>(uniform(random)).bits);
  return values;
}

LayerRun::LayerRun(unsigned seed) {
  Random random(seed);
  Sizes s = layerSizes();
  hiddenStates = randomValues(random, hiddenRows * s.hidden);
  router = randomValues(random, s.experts * s.hidden);
  gateUp = randomValues(random, s.experts * 2 * s.intermediate * s.hidden);
  down = randomValues(random, s.experts * s.hidden * s.intermediate);
}

void LayerRun::set(moelora_role role, const void *data) {
  moelora_buffer &buffer = call.operand[role];
  buffer = moelora_operand_needs(&artifact().layer, role, call.tokens);
  buffer.data = data;
}

void LayerRun::prepare(const moelora_slot_table *table,
                       const std::vector<int32_t> &ids, size_t first) {
  EXPECT_LE(first + ids.size(), hiddenRows);
  size_t hidden = static_cast<size_t>(layerSizes().hidden);
  call = {};
  call.tokens = static_cast<int64_t>(ids.size());
  slots = ids;
  moelora_services_init(nullptr, &services);
  directory = {};
  if (table)
    moelora_slot_table_directory(table, 0, &directory);
  outputs.assign(ids.size() * hidden, 0);
  uint64_t bytes = artifact().workspace_bytes(call.tokens, services.workers);
  workspace.assign(bytes + alignment, 0);
  set(MOELORA_HIDDEN, hiddenStates.data() + first * hidden);
  set(MOELORA_SLOTS, slots.data());
  set(MOELORA_ROUTER_WEIGHT, router.data());
  set(MOELORA_GATE_UP_WEIGHT, gateUp.data());
  set(MOELORA_DOWN_WEIGHT, down.data());
  call.output = outputs.data();
  call.output_bytes = outputs.size() * sizeof outputs[0];
  uintptr_t misplaced = uintptr_t(workspace.data()) % alignment;
  call.workspace = workspace.data() + (alignment - misplaced);
  call.workspace_bytes = bytes;
  call.directory = table ? &directory : nullptr;
  call.services = &services;
  call.stats = &stats;
}

moelora_status LayerRun::run(moelora_error **error) {
  return moelora_layer_run(&artifact(), &call, error);
}

std::vector<Row> LayerRun::runNow() {
  moelora_error *error = nullptr;
  EXPECT_EQ(run(&error), MOELORA_OK) << moelora_error_text(error);
  moelora_error_free(error);
  auto hidden = static_cast<ptrdiff_t>(layerSizes().hidden);
  std::vector<Row> rows;
  for (auto row = outputs.begin(); row != outputs.end(); row += hidden)
    rows.emplace_back(row, row + hidden);
  return rows;
}

std::vector<Row> LayerRun::operator()(const moelora_slot_table *table,
                                      const std::vector<int32_t> &ids,
                                      size_t first) {
  prepare(table, ids, first);
  return runNow();
}

Row LayerRun::withExperts(const moelora_slot_table *table, int32_t id,
                          int32_t one, int32_t other) {
  prepare(table, {id});
  call.entry = MOELORA_ENTRY_IDS;
  const int32_t experts[] = {one, other};
  const float weights[] = {0.75f, 0.25f};
  set(MOELORA_EXPERT_IDS, experts);
  set(MOELORA_EXPERT_WEIGHTS, weights);
  return runNow()[0];
}

} // namespace moelora::test
