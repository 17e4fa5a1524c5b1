/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The state of a slot table, which carries out the decisions of SlotCore.
 */
#ifndef MOELORA_RUNTIME_SLOTTABLESTATE_H
#define MOELORA_RUNTIME_SLOTTABLESTATE_H

#include "device/UploadRing.h"
#include "moelora/runtime/SlotStats.h"
#include "pages/PageFormat.h"
#include "slots/BufferStore.h"
#include "slots/SlotCore.h"
#include "slots/SlotFences.h"
#include "slots/StepKernel.h"

#include <map>
#include <mutex>
#include <string>

namespace moelora {

struct Tenant {
  std::string name;
  moelora_slot_cost cost = {};
};

class SlotTableChange;

} // namespace moelora

struct moelora_staged;

struct moelora_slot_table {
  explicit moelora_slot_table(const moelora_slot_table_options &options);
  /// Waits for unfinished stores.
  ~moelora_slot_table();

  /// The slot of a present adapter. Fails if the id has none.
  int32_t find(int32_t id) const;
  int32_t idOf(int32_t slot) const;
  /// The word that publishes a buffer (0: base) with a generation.
  uint64_t wordOf(uint32_t generation, moelora::BufferId buffer) const;
  /// The present word of a slot with an adapter.
  uint64_t wordOf(int32_t slot) const;
  /// Whether work on this stream is done on return.
  bool isDone(moelora_stream *stream) const {
    return !stream && device.null_is_done;
  }
  void checkNotCapturing(moelora_stream *stream) const;
  /// Fails if the adapter of a slot must not be evicted.
  void checkIdle(int32_t slot) const;
  /// Fails while all peer ranks of a group change their tables.
  void expectNotHeld() const;
  /// Whether a store to the slot would have to wait for an earlier one under
  /// the lock.
  bool mustWait(int32_t slot, moelora_stream *stream) const;
  /// Writes a word in the order of a stream, after all earlier stores to the
  /// slot. A failure has no effect.
  moelora::Fence storeOn(moelora::SlotTableChange &change,
                         moelora_stream *stream, int32_t slot, uint64_t word);
  /// Writes the word of a slot without a tenant.
  moelora::Fence clear(moelora::SlotTableChange &change, int32_t slot,
                       uint32_t nextGeneration, moelora_stream *stream);
  /// Undoes clear, whose fence it receives.
  void restore(moelora::SlotTableChange &change, int32_t slot,
               moelora::Fence cleared) noexcept;
  /// Evicts an adapter whose word has been cleared.
  void end(moelora::SlotTableChange &change, int32_t slot,
           uint32_t nextGeneration, moelora::Fence cleared,
           moelora_slot_event_kind kind) noexcept;
  /// Takes a buffer that no step can read any more. Locks the table.
  moelora::DeviceMemory takeFree() noexcept;
  /// The id of the adapter in a slot.
  moelora_slot_event eventOf(moelora_slot_event_kind kind, int32_t slot) const;
  /// Removes the tenant of a slot whose word has been overwritten.
  void forget(moelora::SlotTableChange &change, int32_t slot,
              moelora_slot_event_kind kind) noexcept;

  const moelora_device &device;
  const moelora::PageFormat format;
  const uint64_t maxBytes;
  const int indexBits;
  const moelora::DeviceMemory directory; ///< words, then moelora_run_stats
  const moelora::StepKernel kernel;
  const moelora::Stream
      publishing;                 ///< for stores without a stream of the caller
  std::mutex counting;            ///< guards the next two
  moelora_run_stats counted = {}; ///< receives the device's counters
  const moelora::Stream reading;  ///< on this stream
  moelora::UploadRing ring;

  mutable std::mutex mutex; ///< guards what follows
  moelora::SlotFences fences;
  moelora::SlotCore core;
  moelora::BufferStore buffers;
  std::vector<moelora::DeviceMemory>
      kept; ///< kept until the table is destroyed, as in `broken`
  std::vector<moelora::Tenant> tenants;               ///< by slot
  std::map<std::string, int32_t, std::less<>> slotOf; ///< -1: none yet
  int32_t loads = 0, steps = 0;                       ///< under way; there
  int32_t layers = 0;                                 ///< bound to it
  std::vector<moelora_staged *> staged;               ///< with a new adapter
  /// The slots that all peer ranks of a group are about to change. Meanwhile
  /// nothing else changes, and their adapters are not leased.
  std::vector<int32_t> held;
  moelora_slot_table_stats stats = {};
  moelora_slot_observer observer = nullptr;
  void *observerContext = nullptr;

  uint64_t *words() const {
    return reinterpret_cast<uint64_t *>(directory.data());
  }
  moelora_run_stats *counters() const {
    return reinterpret_cast<moelora_run_stats *>(words() + tenants.size());
  }
};

namespace moelora {

/// One change of the table. It holds the lock, and after releasing it does what
/// must not be done under the lock: free memory, wait, and call the observer.
class SlotTableChange {
public:
  /// Checks the fences first.
  explicit SlotTableChange(moelora_slot_table &table);
  ~SlotTableChange();

  /// Waits for the stream of a fence that the device did not record.
  void await(Fence fence, moelora_stream *stream) noexcept;
  void tell(moelora_slot_event event, const char *name) noexcept;

private:
  struct Notice {
    moelora_slot_event event;
    std::string name;
  };
  struct Awaited {
    Fence fence;
    moelora_stream *stream;
  };

  moelora_slot_table &table;
  std::unique_lock<std::mutex> lock;
  std::vector<Awaited> awaited;
  std::vector<Notice> notices;
};

moelora_slot_event eventOf(moelora_slot_event_kind kind, int32_t id);

/// Counts the results that mean that a caller is too late or too early.
void countAnswer(moelora_slot_table &table, moelora_status status);

/// Fills memory of the device with zeros, and waits until this is done.
void clearMemory(const DeviceMemory &memory, const moelora_device &device);

void addCost(moelora_slot_cost &to, const moelora_slot_cost &cost);
void subtractCost(moelora_slot_cost &from, const moelora_slot_cost &cost);

/// Nanoseconds of a clock that only goes forward.
uint64_t monotonicTime();

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTTABLESTATE_H
