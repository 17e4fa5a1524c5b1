/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes the world and takes it down.
 */
#include "World.h"

#include "TableText.h"

namespace moelora::test {

static int32_t dtypeOf(const std::string &name) {
  return name == "F32"   ? MOELORA_F32
         : name == "F16" ? MOELORA_F16
                         : MOELORA_BF16;
}

/// f16 and f32 files are converted, bf16 ones are copied.
static int32_t dtypeOf(Form form) {
  static const int32_t dtypes[] = {MOELORA_F32, MOELORA_F16, MOELORA_BF16};
  return dtypes[static_cast<size_t>(form) % std::size(dtypes)];
}

Inputs::Inputs(Form form)
    : form(form), model(layerSizes()),
      draft({form, dtypeOf(form), 2, layerSizes(), 11}),
      otherDraft({form, dtypeOf(form), 3, layerSizes(), 12}) {
  draft.write(folder);
  otherDraft.write(otherFolder);
  adapter = open(folder, model);
  other = open(otherFolder, model);
  EXPECT_EQ(adapter.status, MOELORA_OK) << adapter.text;
  EXPECT_EQ(other.status, MOELORA_OK) << other.text;
  config = draft.configText();
  for (const Entry &entry : draft.entries) {
    moelora_tensor_data data{};
    data.name = entry.name.c_str();
    data.dtype = dtypeOf(entry.dtype);
    data.dims = static_cast<int32_t>(entry.shape.size());
    std::copy(entry.shape.begin(), entry.shape.end(), data.shape);
    data.data = draft.data.data() + entry.begin;
    tensors.push_back(data);
  }
}

World::World(const Inputs &inputs, bool remote)
    : inputs(inputs), target(inputs.model.target()), faulty(remote) {
  moelora_slot_table_options options{};
  options.size = sizeof options;
  options.slots = 3;
  options.max_rank = 64;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.device = &faulty.device;
  options.target = &target;
  EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  EXPECT_EQ(faulty.device.stream_create(&faulty, &stream, nullptr), MOELORA_OK);
  EXPECT_EQ(assign("first", inputs.adapter.get(), nullptr, nullptr),
            MOELORA_OK);
  EXPECT_EQ(assign("second", inputs.other.get(), nullptr, nullptr), MOELORA_OK);
  firstId = inspect(table, findSlot(table, "first")).id;
  secondId = inspect(table, findSlot(table, "second")).id;
  EXPECT_EQ(moelora_slot_table_acquire(table, "first", &lease, nullptr),
            MOELORA_OK);
  EXPECT_EQ(moelora_step_create(table, nullptr, 4, &step, nullptr), MOELORA_OK);
}

World::~World() { close(); }

int64_t World::close() {
  moelora_loader_destroy(std::exchange(loader, nullptr));
  moelora_pool_destroy(std::exchange(pool, nullptr));
  moelora_adapter_close(std::exchange(opened, nullptr));
  if (layer)
    std::exchange(layer, nullptr)->finish();
  if (std::exchange(inside, false))
    EXPECT_EQ(moelora_step_leave(step, stream, nullptr), MOELORA_OK);
  for (moelora_step **each : {&step, &secondStep})
    EXPECT_EQ(moelora_step_destroy(std::exchange(*each, nullptr), nullptr),
              MOELORA_OK);
  for (moelora_slot_table **each : {&secondTable, &table})
    EXPECT_EQ(
        moelora_slot_table_destroy(std::exchange(*each, nullptr), nullptr),
        MOELORA_OK);
  if (stream)
    faulty.device.stream_destroy(&faulty, std::exchange(stream, nullptr));
  return faulty.live();
}

bool World::broken() {
  moelora_slot_table_stats stats{};
  stats.size = sizeof stats;
  EXPECT_EQ(moelora_slot_table_read_stats(table, &stats, nullptr), MOELORA_OK);
  return stats.broken_fences > 0;
}

/// Steps are ordered after all unfinished stores.
void World::awaitStores() {
  moelora_step *last = nullptr;
  EXPECT_EQ(moelora_step_create(table, nullptr, 1, &last, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_step_enter(last, stream, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_step_leave(last, stream, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_step_destroy(last, nullptr), MOELORA_OK);
}

std::string World::describe() {
  if (table)
    awaitStores();
  for (moelora_stream *each : {stream, static_cast<moelora_stream *>(nullptr)})
    EXPECT_EQ(faulty.device.stream_synchronize(&faulty, each, nullptr),
              MOELORA_OK);
  std::string text = describeTable(table, layerSizes(), sizeof(uint16_t));
  for (uint16_t value : layer ? layer->output() : Row())
    text += std::to_string(value) + ' ';
  if (secondTable)
    text += describeTable(secondTable, layerSizes(), sizeof(uint16_t));
  moelora_adapter_summary summary = {};
  summary.size = sizeof summary;
  if (opened)
    moelora_adapter_summarize(opened, &summary);
  return text + (inside ? "inside " : "") + "opened " +
         std::to_string(summary.bound) + ' ' +
         std::to_string(summary.max_rank) + " workers " +
         std::to_string(pool ? moelora_pool_workers(pool) : 0);
}

moelora_status World::assign(const char *name, const moelora_adapter *adapter,
                             const moelora_staging *staging,
                             moelora_error **error) {
  int32_t id = -1;
  return moelora_slot_table_assign(table, name, adapter, staging, &id, error);
}

} // namespace moelora::test
