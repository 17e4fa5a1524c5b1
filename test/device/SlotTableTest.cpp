// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A slot table on every device: what is read there is what a table on the cpu
// holds, and changes come in the order of streams.

#include "Devices.h"

#include "moelora/runtime/SlotStats.h"

#include <memory>

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr int64_t hidden = 16, intermediate = 8;
constexpr int32_t experts = 2;

/// An adapter in memory, of both projections of a layer without a gate.
class MemoryAdapter {
public:
  MemoryAdapter(int32_t rank, uint32_t seed) {
    for (int32_t e = 0; e < experts; ++e) {
      std::string module = "base_model.model.model.layers.0.mlp.experts." +
                           std::to_string(e) + ".";
      addPair(module + "up_proj", rank, hidden, intermediate, seed++);
      addPair(module + "down_proj", rank, intermediate, hidden, seed++);
    }
    for (size_t i = 0; i < names.size(); ++i) {
      tensors[i].name = names[i].c_str();
      tensors[i].data = values[i].data();
    }
    std::string config =
        "{\"peft_type\": \"LORA\", \"lora_alpha\": 8, \"r\": " +
        std::to_string(rank) + "}";
    moelora_adapter_target target = {&site, 1, 1};
    EXPECT_EQ(moelora_adapter_open_memory(
                  config.c_str(), tensors.data(), int64_t(tensors.size()),
                  &target, MOELORA_LAYOUT_DECIDE, &adapter, nullptr),
              MOELORA_OK);
  }
  ~MemoryAdapter() { moelora_adapter_close(adapter); }
  MemoryAdapter(const MemoryAdapter &) = delete;

  moelora_adapter *adapter = nullptr;

private:
  void addPair(const std::string &module, int64_t rank, int64_t in, int64_t out,
               uint32_t seed) {
    add(module + ".lora_A.weight", rank, in, seed);
    add(module + ".lora_B.weight", out, rank, seed + 100);
  }
  void add(const std::string &name, int64_t rows, int64_t columns,
           uint32_t seed) {
    names.push_back(name);
    values.push_back(randomFloats(size_t(rows * columns), seed));
    tensors.push_back({nullptr, MOELORA_F32, 2, {rows, columns}, nullptr});
  }

  static constexpr const char *block[] = {"mlp", nullptr};
  static constexpr const char *expert[] = {"experts", nullptr};
  static constexpr const char *up[] = {"up_proj", nullptr};
  static constexpr const char *down[] = {"down_proj", nullptr};
  moelora_adapter_names family = [] {
    moelora_adapter_names names = {};
    names.block = block;
    names.experts = expert;
    names.up = up;
    names.down = down;
    return names;
  }();
  moelora_adapter_site site = [this] {
    moelora_adapter_site site = {};
    site.experts = experts;
    site.hidden = hidden;
    site.intermediate = intermediate;
    site.names = &family;
    return site;
  }();
  std::vector<std::string> names;
  std::vector<std::vector<float>> values;
  std::vector<moelora_tensor_data> tensors;
};

using Table =
    std::unique_ptr<moelora_slot_table, void (*)(moelora_slot_table *)>;

Table tableOn(const moelora_device *device) {
  moelora_slot_table_options options = {};
  options.slots = 2;
  options.max_rank = 64;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.device = device;
  moelora_slot_table *table = nullptr;
  EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  return {table, moelora_slot_table_destroy};
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

  /// What slot 0 holds: addresses count from the beginning of the image.
  std::vector<uint64_t> imageOf(const Table &table,
                                const moelora_device &where) {
    Stream stream(where);
    moelora_directory directory;
    moelora_slot_table_directory(table.get(), 0, &directory);
    moelora_slot_info info;
    EXPECT_EQ(moelora_slot_table_inspect(table.get(), 0, &info), MOELORA_OK);
    const moelora_device *mine = device;
    device = &where;
    uint64_t entry = read(directory.entry, sizeof entry, stream.get())[0];
    uint64_t address = entry & ((uint64_t(1) << 48) - 1);
    std::vector<uint64_t> words;
    if (address)
      words = read(reinterpret_cast<const void *>(address),
                   info.cost.index_bytes + info.cost.page_bytes, stream.get());
    device = mine;
    for (size_t i = 0; i < info.cost.index_bytes / 8 && address; ++i)
      if (words[i] >= address && words[i] - address < info.cost.bytes)
        words[i] -= address;
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
  moelora_lease lease;
  ASSERT_EQ(moelora_slot_table_acquire(mine.get(), "a", &lease, nullptr),
            MOELORA_OK);
  ASSERT_EQ(moelora_slot_table_replace(mine.get(), id, second.adapter, nullptr,
                                       stream.get(), nullptr),
            MOELORA_OK);
  moelora_slot_table_stats stats;
  moelora_slot_table_read_stats(mine.get(), &stats);
  EXPECT_EQ(stats.retired_blocks, 1u); // the lease may read it
  ASSERT_EQ(
      moelora_slot_table_release(mine.get(), &lease, stream.get(), nullptr),
      MOELORA_OK);
  synchronize(stream.get());
  EXPECT_EQ(imageOf(mine, *device), imageOf(onCpu, *moelora_device_cpu()));
  moelora_slot_table_read_stats(mine.get(), &stats);
  EXPECT_EQ(stats.retired_blocks, 0u);
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
  EXPECT_EQ(assign(table, "b", adapter), 1 << 16);
  EXPECT_FALSE(imageOf(table, *device).empty());
}

INSTANTIATE_TEST_SUITE_P(, SlotTables, everyDevice(), nameOfDevice);

} // namespace
