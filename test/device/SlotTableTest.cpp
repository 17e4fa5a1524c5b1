// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A slot table on every device: its content equals that of a table on the cpu,
// and changes are in the order of streams.

#include "Devices.h"
#include "MemoryAdapter.h"

#include "base/Word.h"
#include "moelora/runtime/Step.h"
#include "slots/SlotTableState.h"

#include <memory>

using namespace moelora;
using namespace moelora::test;

namespace {

void endTable(moelora_slot_table *table) {
  EXPECT_EQ(moelora_slot_table_destroy(table, nullptr), MOELORA_OK);
}
void endStep(moelora_step *step) {
  EXPECT_EQ(moelora_step_destroy(step, nullptr), MOELORA_OK);
}
using Table =
    std::unique_ptr<moelora_slot_table, void (*)(moelora_slot_table *)>;
using Step = std::unique_ptr<moelora_step, void (*)(moelora_step *)>;

Step stepOf(const Table &table) {
  moelora_step *step = nullptr;
  EXPECT_EQ(moelora_step_create(table.get(), nullptr, 4, &step, nullptr),
            MOELORA_OK);
  return {step, endStep};
}

uint64_t retired(const Table &table) {
  moelora_slot_table_stats stats = {};
  stats.size = sizeof stats;
  EXPECT_EQ(moelora_slot_table_read_stats(table.get(), &stats, nullptr),
            MOELORA_OK);
  return stats.retired_buffers;
}

Table tableOn(const moelora_device *device) {
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.slots = 2;
  options.max_rank = 64;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.device = device;
  options.target = &target();
  moelora_slot_table *table = nullptr;
  EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  return {table, endTable};
}

int32_t assign(const Table &table, const char *name,
               const MemoryAdapter &adapter) {
  int32_t id = -1;
  EXPECT_EQ(moelora_slot_table_assign(table.get(), name, adapter.adapter,
                                      nullptr, &id, nullptr),
            MOELORA_OK);
  return id;
}

struct SlotTables : Devices {
  /// Reads the device's memory, after all that is on the stream.
  std::vector<uint64_t> read(const void *memory, uint64_t bytes,
                             moelora_stream *stream) {
    std::vector<uint64_t> words(bytes / sizeof(uint64_t));
    copy(stream, words.data(), memory, bytes);
    synchronize(stream);
    return words;
  }

  /// The content of slot 0 for a step that enters now.
  std::vector<uint64_t> imageOf(const Table &table,
                                const moelora_device &where) {
    Stream stream(where);
    Step step = stepOf(table);
    moelora_slot_info info = {};
    info.size = sizeof info;
    EXPECT_EQ(moelora_slot_table_inspect(table.get(), 0, &info, nullptr),
              MOELORA_OK);
    const moelora_device *mine = device;
    device = &where;
    EXPECT_EQ(moelora_step_enter(step.get(), stream.get(), nullptr),
              MOELORA_OK);
    uint64_t word = read(table->words(), sizeof word, stream.get())[0];
    uint64_t address = addressOfWord(word);
    std::vector<uint64_t> words;
    if (address)
      words = read(reinterpret_cast<const void *>(address),
                   info.cost.index_bytes + info.cost.page_bytes, stream.get());
    EXPECT_EQ(moelora_step_leave(step.get(), stream.get(), nullptr),
              MOELORA_OK);
    device = mine;
    return words;
  }
};

TEST_P(SlotTables, HoldWhatTheCpuHolds) {
  MemoryAdapter adapter(20, 1);
  Table mine = tableOn(device), onCpu = tableOn(nullptr);
  EXPECT_EQ(assign(mine, "a", adapter), 0);
  EXPECT_EQ(assign(onCpu, "a", adapter), 0);
  std::vector<uint64_t> expected = imageOf(onCpu, *moelora_device_cpu());
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(imageOf(mine, *device), expected);
}

TEST_P(SlotTables, ReplaceInTheOrderOfAStream) {
  MemoryAdapter first(4, 1), second(17, 2);
  Table mine = tableOn(device), onCpu = tableOn(nullptr);
  int32_t id = assign(mine, "a", first);
  assign(onCpu, "a", second);
  Stream stream(*device);
  Step step = stepOf(mine);
  ASSERT_EQ(moelora_step_enter(step.get(), stream.get(), nullptr), MOELORA_OK);
  ASSERT_EQ(moelora_slot_table_replace(mine.get(), id, second.adapter, nullptr,
                                       stream.get(), nullptr),
            MOELORA_OK);
  synchronize(stream.get());
  EXPECT_EQ(retired(mine), 1u); // the step may read it
  ASSERT_EQ(moelora_step_leave(step.get(), stream.get(), nullptr), MOELORA_OK);
  EXPECT_EQ(imageOf(mine, *device), imageOf(onCpu, *moelora_device_cpu()));
  synchronize(stream.get());
  EXPECT_EQ(retired(mine), 0u);
}

TEST_P(SlotTables, DisableAndEvict) {
  MemoryAdapter adapter(4, 1);
  Table table = tableOn(device);
  int32_t id = assign(table, "a", adapter);
  Stream stream(*device);
  ASSERT_EQ(
      moelora_slot_table_enable(table.get(), id, 0, stream.get(), nullptr),
      MOELORA_OK);
  synchronize(stream.get());
  EXPECT_TRUE(imageOf(table, *device).empty());
  ASSERT_EQ(moelora_slot_table_evict(table.get(), id, nullptr), MOELORA_OK);
  EXPECT_EQ(assign(table, "b", adapter), 1 << 1);
  EXPECT_FALSE(imageOf(table, *device).empty());
}

INSTANTIATE_TEST_SUITE_P(, SlotTables, everyDevice(), nameOfDevice);

} // namespace
