/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Random signed weights and hidden states for the layer written by hand.
 */
#include "LayerRun.h"

#include "base/Convert.h"
#include "slots/SlotTableState.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <utility>

extern "C" const moelora_artifact *moelora_query(uint32_t abi, uint32_t index);

namespace moelora::test {

constexpr size_t alignment = 256; // of workspaces

static const moelora_artifact &artifact() {
  return *moelora_query(MOELORA_ABI_VERSION, 0);
}

Sizes layerSizes() {
  const moelora_layer &layer = *artifact().layer;
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

/// A weight of bf16, as a row of the variant has it.
static moelora_memory weight(moelora_role role, std::vector<uint16_t> &values) {
  const moelora_variant &variant = *artifact().variant;
  const moelora_operand &row =
      variant.operand[moelora_variant_operand(&variant, role, 0)];
  moelora_memory memory{};
  memory.size = sizeof memory;
  memory.role = role;
  memory.dtype = MOELORA_BF16;
  memory.data = values.data();
  memory.dims = row.dims;
  std::copy_n(row.shape, row.dims, memory.shape);
  return memory;
}

void LayerRun::bind(moelora_slot_table *table) {
  const moelora_device *device = table ? &table->device : moelora_device_cpu();
  EXPECT_EQ(moelora_program_create(&artifact(), nullptr, device, nullptr,
                                   &program, nullptr),
            MOELORA_OK);
  const moelora_memory weights[] = {weight(MOELORA_ROUTER_WEIGHT, router),
                                    weight(MOELORA_GATE_UP_WEIGHT, gateUp),
                                    weight(MOELORA_DOWN_WEIGHT, down)};
  moelora_binding binding{};
  binding.size = sizeof binding;
  binding.layer = -1;
  binding.weights = static_cast<uint32_t>(std::size(weights));
  binding.weight = weights;
  binding.table = table;
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_layer_bind(program, &binding, &layer, &error), MOELORA_OK)
      << moelora_error_text(error);
  moelora_error_free(error);
}

void LayerRun::prepare(moelora_slot_table *table,
                       const std::vector<int32_t> &of, size_t first) {
  EXPECT_LE(first + of.size(), hiddenRows);
  finish();
  bind(table);
  size_t hidden = static_cast<size_t>(layerSizes().hidden);
  ids = of;
  outputs.assign(ids.size() * hidden, 0);
  asked = {};
  asked.size = sizeof asked;
  asked.tokens = static_cast<int64_t>(ids.size());
  if (table) {
    EXPECT_EQ(moelora_step_create(table, nullptr, asked.tokens, &step, nullptr),
              MOELORA_OK);
    EXPECT_EQ(moelora_step_enter(step, nullptr, nullptr), MOELORA_OK);
  }
  asked.step = step;
  asked.hidden = hiddenStates.data() + first * hidden;
  asked.output = outputs.data();
  asked.workspace_bytes =
      moelora_layer_workspace(layer, MOELORA_ENTRY_ALL, asked.tokens);
  workspace.assign(asked.workspace_bytes + alignment, 0);
  uintptr_t misplaced = uintptr_t(workspace.data()) % alignment;
  asked.workspace = workspace.data() + (alignment - misplaced);
  asked.stats = &stats;
}

moelora_status LayerRun::run(moelora_error **error) {
  moelora_status status = MOELORA_OK;
  if (step)
    status = moelora_step_resolve(step, nullptr, ids.data(), asked.tokens,
                                  nullptr, error);
  return status == MOELORA_OK ? moelora_layer_run(layer, &asked, error)
                              : status;
}

void LayerRun::finish() {
  if (step)
    EXPECT_EQ(moelora_step_leave(step, nullptr, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_layer_unbind(std::exchange(layer, nullptr), nullptr),
            MOELORA_OK);
  EXPECT_EQ(moelora_program_destroy(std::exchange(program, nullptr), nullptr),
            MOELORA_OK);
  EXPECT_EQ(moelora_step_destroy(std::exchange(step, nullptr), nullptr),
            MOELORA_OK);
}

std::vector<Row> LayerRun::runNow() {
  moelora_error *error = nullptr;
  EXPECT_EQ(run(&error), MOELORA_OK) << moelora_error_text(error);
  moelora_error_free(error);
  finish();
  auto hidden = static_cast<ptrdiff_t>(layerSizes().hidden);
  std::vector<Row> rows;
  for (auto row = outputs.begin(); row != outputs.end(); row += hidden)
    rows.emplace_back(row, row + hidden);
  return rows;
}

std::vector<Row> LayerRun::operator()(moelora_slot_table *table,
                                      const std::vector<int32_t> &ids,
                                      size_t first) {
  prepare(table, ids, first);
  return runNow();
}

Row LayerRun::withExperts(moelora_slot_table *table, int32_t id, int32_t one,
                          int32_t other) {
  prepare(table, {id});
  const int32_t experts[] = {one, other};
  const float weights[] = {0.75f, 0.25f};
  asked.entry = MOELORA_ENTRY_IDS;
  asked.expert_ids = experts;
  asked.weights = weights;
  return runNow()[0];
}

} // namespace moelora::test
