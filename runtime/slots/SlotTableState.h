/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is behind a slot table: the decisions of SlotCore, carried out.
 */
#ifndef MOELORA_RUNTIME_SLOTTABLESTATE_H
#define MOELORA_RUNTIME_SLOTTABLESTATE_H

#include "moelora/runtime/SlotStats.h"
#include "pages/ImageBuilder.h"
#include "slots/BlockStore.h"
#include "slots/SlotFences.h"

#include <map>
#include <mutex>
#include <string>

namespace moelora {

struct Tenant {
  std::string name;
  moelora_slot_cost cost = {};
};

/// An adapter in memory of the device, not in the directory yet.
struct Staged {
  DeviceMemory memory;
  moelora_slot_cost cost = {};
  uint64_t nanoseconds = 0;
};

class SlotTableChange;

} // namespace moelora

struct moelora_slot_table {
  explicit moelora_slot_table(const moelora_slot_table_options &options);
  ~moelora_slot_table();

  /// The slot of a present adapter, or a failure.
  int32_t find(int32_t id);
  /// Writes an entry that no leased run reads; `block` 0: base. A failure has
  /// written nothing.
  void storeNow(int32_t slot, uint32_t generation, moelora::BlockId block);
  /// Ends the ids of an idle adapter.
  void clear(int32_t slot) { storeNow(slot, core.nextGeneration(slot), 0); }
  /// Takes clear back.
  void restore(int32_t slot) noexcept;
  /// Waits for what storeNow asked for.
  void waitForStores();
  /// Makes sure that a change on this stream comes after all earlier ones, and
  /// that the core cannot fail to make it.
  void prepareChange(int32_t slot, moelora_stream *stream);
  /// Writes the entry of a present adapter in the order of a stream.
  moelora::Mark storeOn(moelora_stream *stream, int32_t slot,
                        moelora::BlockId block);
  /// Ends an adapter whose entry has been overwritten.
  void retire(int32_t slot, moelora::SlotTableChange &change,
              moelora_slot_event_kind kind);
  void drainAll(moelora::SlotTableChange &change);

  const moelora_device &device;
  const moelora::PageFormat format;
  const uint64_t maxBytes;
  moelora::DeviceMemory directory; ///< entries, then moelora_id_counters
  moelora::Stream publishing;      ///< of stores that nobody else orders

  std::mutex mutex; ///< guards what follows
  moelora::SlotFences fences;
  moelora::SlotCore core;
  moelora::BlockStore blocks;
  std::vector<moelora::Tenant> tenants;               ///< by slot
  size_t live = 0;                                    ///< slots with a tenant
  std::map<std::string, int32_t, std::less<>> slotOf; ///< -1: none yet
  moelora_slot_table_stats stats = {};
  void (*observer)(void *, const moelora_slot_event *) = nullptr;
  void *observerContext = nullptr;

  uint64_t *entries() const {
    return reinterpret_cast<uint64_t *>(directory.data());
  }
  moelora_id_counters *counters() const {
    return reinterpret_cast<moelora_id_counters *>(entries() + tenants.size());
  }
};

namespace moelora {

/// One change of the table: holds the lock, and does afterwards what must not
/// be done under it: give memory back, and tell the observer.
class SlotTableChange {
public:
  explicit SlotTableChange(moelora_slot_table &table);
  ~SlotTableChange();

  void giveBack(DeviceMemory memory) noexcept;
  void tell(moelora_slot_event event, const std::string &name) noexcept;

private:
  struct Notice {
    moelora_slot_event event;
    std::string name;
  };
  moelora_slot_table &table;
  std::unique_lock<std::mutex> lock;
  std::vector<DeviceMemory> trash;
  std::vector<Notice> notices;
};

void addCost(moelora_slot_cost &to, const moelora_slot_cost &cost);
void subtractCost(moelora_slot_cost &from, const moelora_slot_cost &cost);

/// Nanoseconds of a clock that only goes forward.
uint64_t monotonicTime();

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTTABLESTATE_H
