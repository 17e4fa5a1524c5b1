/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slot table: who holds which slot, and the directory that runs read.
 */
#include "moelora/runtime/SlotTable.h"

#include "Failure.h"
#include "SlotPages.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>

using namespace moelora;

namespace {

constexpr int32_t maxSlots = 1 << MOELORA_SLOT_INDEX_BITS;
constexpr uint32_t generations = 1u << MOELORA_SLOT_GENERATION_BITS;
constexpr int addressBits = 48;

/// Reserved: somebody is staging into it, without the lock.
enum class SlotState { Free, Reserved, Live };

struct Slot {
  SlotState state = SlotState::Free;
  uint32_t generation = 0;
  std::string name;
  Memory memory;
  int64_t pins = 0;
  bool enabled = true;
};

} // namespace

struct moelora_slot_table {
  PageFormat format;
  std::vector<uint64_t> directory; ///< read by runs without the lock
  mutable std::mutex mutex;        ///< guards what follows
  std::vector<Slot> slots;
  std::unordered_map<std::string, size_t> slotOf;
  uint64_t bytes = 0;

  int32_t idOf(size_t slot) const {
    return static_cast<int32_t>(
        slots[slot].generation << MOELORA_SLOT_INDEX_BITS | slot);
  }

  /// The slot of a present adapter's id, or a failure.
  Slot &find(int32_t id) {
    size_t index = static_cast<uint32_t>(id) & (maxSlots - 1);
    bool present = id >= 0 && index < slots.size() &&
                   slots[index].state == SlotState::Live && idOf(index) == id;
    if (!present)
      fail("expects the id of a present adapter, but " + std::to_string(id) +
               " is of none",
           MOELORA_STALE);
    return slots[index];
  }

  /// One store makes a slot's state visible to runs, for all layers at once.
  void publish(const Slot &slot) {
    bool visible = slot.state == SlotState::Live && slot.enabled;
    uint64_t address =
        visible ? reinterpret_cast<uintptr_t>(slot.memory.data()) : 0;
    uint64_t entry = uint64_t(slot.generation) << addressBits | address;
    size_t index = static_cast<size_t>(&slot - slots.data());
    __atomic_store_n(&directory[index], entry, __ATOMIC_RELEASE);
  }

  Slot &reserve(const std::string &name) {
    std::lock_guard<std::mutex> lock(mutex);
    if (slotOf.count(name))
      fail("expects names to differ, but there is an adapter '" + name + "'");
    auto free = std::find_if(slots.begin(), slots.end(), [](const Slot &slot) {
      return slot.state == SlotState::Free;
    });
    if (free == slots.end())
      fail("no slot is free for adapter '" + name + "': all " +
               std::to_string(slots.size()) + " are taken",
           MOELORA_FULL);
    slotOf.emplace(name, static_cast<size_t>(free - slots.begin()));
    free->state = SlotState::Reserved;
    return *free;
  }

  void abandon(Slot &slot, const std::string &name) noexcept {
    std::lock_guard<std::mutex> lock(mutex);
    slotOf.erase(slotOf.find(name));
    slot.state = SlotState::Free;
  }

  int32_t occupy(Slot &slot, std::string &name, Memory &memory) noexcept {
    std::lock_guard<std::mutex> lock(mutex);
    bytes += memory.size();
    slot.name.swap(name);
    slot.memory = std::move(memory);
    slot.enabled = true;
    slot.state = SlotState::Live;
    publish(slot);
    return idOf(static_cast<size_t>(&slot - slots.data()));
  }

  void evict(Slot &slot) {
    if (slot.pins > 0)
      fail("expects an adapter that nobody has acquired, but '" + slot.name +
               "' is acquired " + std::to_string(slot.pins) + " times",
           MOELORA_BUSY);
    slot.state = SlotState::Free;
    slot.generation = (slot.generation + 1) % generations;
    publish(slot);
    slotOf.erase(slot.name);
    bytes -= slot.memory.size();
    slot.memory = Memory();
    slot.name.clear();
  }
};

static void checkOptions(const moelora_slot_table_options &options) {
  auto expect = [](bool right, const char *rule, int32_t value) {
    if (!right)
      fail(std::string("expects ") + rule + ", but it is " +
           std::to_string(value));
  };
  expect(options.slots >= 1 && options.slots <= maxSlots,
         "slots to be from 1 to 65536", options.slots);
  expect(options.max_rank >= 1 && options.max_rank <= maxAdapterRank,
         "max_rank to be from 1 to 65536", options.max_rank);
  expect(options.dtype >= MOELORA_F32 && options.dtype <= MOELORA_BF16,
         "dtype to be f32, f16 or bf16", options.dtype);
  expect(options.page_order == MOELORA_PAGE_ROW_MAJOR,
         "page_order to be row-major (1)", options.page_order);
  expect(!options.layers || options.layer_count >= 0,
         "layer_count not to be negative", options.layer_count);
}

moelora_status
moelora_slot_table_create(const moelora_slot_table_options *options,
                          moelora_slot_table **table, moelora_error **error) {
  return guarded(error, [&] {
    if (!options || !table)
      fail("expects options and a place for the table");
    checkOptions(*options);
    auto made = std::make_unique<moelora_slot_table>();
    size_t slots = static_cast<size_t>(options->slots);
    made->directory.resize(slots);
    made->slots.resize(slots);
    std::vector<int32_t> layers;
    if (options->layers)
      layers.assign(options->layers, options->layers + options->layer_count);
    std::sort(layers.begin(), layers.end());
    made->format = {options->dtype, options->max_rank, std::move(layers),
                    options->layers == nullptr};
    *table = made.release();
  });
}

void moelora_slot_table_destroy(moelora_slot_table *table) { delete table; }

moelora_status moelora_slot_table_estimate(const moelora_slot_table *table,
                                           const moelora_adapter *adapter,
                                           uint64_t *bytes,
                                           moelora_error **error) {
  return guarded(error, [&] { *bytes = stagedBytes(*adapter, table->format); });
}

moelora_status moelora_slot_table_assign(moelora_slot_table *table,
                                         const char *name,
                                         const moelora_adapter *adapter,
                                         int32_t *id, moelora_error **error) {
  return guarded(error, [&] {
    if (!name || !*name || !adapter || !id)
      fail("expects a name, an adapter and a place for the id");
    std::string key = name;
    Slot &slot = table->reserve(key);
    Memory memory;
    try {
      memory = stage(*adapter, table->format);
    } catch (...) {
      table->abandon(slot, key);
      throw;
    }
    *id = table->occupy(slot, key, memory);
  });
}

moelora_status moelora_slot_table_acquire(moelora_slot_table *table,
                                          const char *name, int32_t *id,
                                          moelora_error **error) {
  return guarded(error, [&] {
    std::string key = name ? name : "";
    std::lock_guard<std::mutex> lock(table->mutex);
    auto found = table->slotOf.find(key);
    if (found == table->slotOf.end() ||
        table->slots[found->second].state != SlotState::Live)
      fail("there is no adapter '" + key + "'", MOELORA_NOT_FOUND);
    ++table->slots[found->second].pins;
    *id = table->idOf(found->second);
  });
}

moelora_status moelora_slot_table_release(moelora_slot_table *table, int32_t id,
                                          moelora_error **error) {
  return guarded(error, [&] {
    std::lock_guard<std::mutex> lock(table->mutex);
    Slot &slot = table->find(id);
    if (slot.pins == 0)
      fail("expects an acquired adapter, but '" + slot.name + "' is not");
    --slot.pins;
  });
}

moelora_status moelora_slot_table_evict(moelora_slot_table *table, int32_t id,
                                        moelora_error **error) {
  return guarded(error, [&] {
    std::lock_guard<std::mutex> lock(table->mutex);
    table->evict(table->find(id));
  });
}

moelora_status moelora_slot_table_enable(moelora_slot_table *table, int32_t id,
                                         int32_t enabled,
                                         moelora_error **error) {
  return guarded(error, [&] {
    std::lock_guard<std::mutex> lock(table->mutex);
    Slot &slot = table->find(id);
    slot.enabled = enabled != 0;
    table->publish(slot);
  });
}

uint64_t moelora_slot_table_bytes(const moelora_slot_table *table) {
  std::lock_guard<std::mutex> lock(table->mutex);
  return table->bytes;
}

void moelora_slot_table_directory(const moelora_slot_table *table,
                                  int32_t layer, moelora_directory *directory) {
  *directory = {table->directory.data(),
                static_cast<int32_t>(table->directory.size()), layer};
}
