/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is behind a slot table: the decisions of SlotCore, carried out.
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

struct moelora_slot_table {
  explicit moelora_slot_table(const moelora_slot_table_options &options);
  /// Waits for stores that are on their way.
  ~moelora_slot_table();

  /// The slot of a present adapter, or a failure.
  int32_t find(int32_t id) const;
  int32_t idOf(int32_t slot) const;
  /// What publishes a buffer (0: base) under a generation.
  uint64_t wordOf(uint32_t generation, moelora::BufferId buffer) const;
  /// Of a present adapter, as it is.
  uint64_t wordOf(int32_t slot) const;
  /// Work that is asked for on this stream is done on return.
  bool isDone(moelora_stream *stream) const {
    return !stream && device.null_is_done;
  }
  void checkNotCapturing(moelora_stream *stream) const;
  /// Fails where the adapter of a slot may not be evicted.
  void checkIdle(int32_t slot) const;
  /// Whether a store to the slot would have to wait here, under the lock, for
  /// an earlier one.
  bool mustWait(int32_t slot, moelora_stream *stream) const;
  /// Writes a word in the order of a stream, after all earlier stores of the
  /// slot. A failure has written nothing.
  moelora::Fence storeOn(moelora::SlotTableChange &change,
                         moelora_stream *stream, int32_t slot, uint64_t word);
  /// Writes the word of a slot that nobody has.
  moelora::Fence clear(moelora::SlotTableChange &change, int32_t slot,
                       uint32_t nextGeneration, moelora_stream *stream);
  /// Takes it back; the fence is that of clear.
  void restore(moelora::SlotTableChange &change, int32_t slot,
               moelora::Fence cleared) noexcept;
  /// Ends an adapter whose word has been cleared.
  void end(moelora::SlotTableChange &change, int32_t slot,
           uint32_t nextGeneration, moelora::Fence cleared,
           moelora_slot_event_kind kind) noexcept;
  /// A buffer that nobody reads any more. Takes the lock.
  moelora::DeviceMemory takeFree() noexcept;
  /// Of the adapter in a slot.
  moelora_slot_event eventOf(moelora_slot_event_kind kind, int32_t slot) const;
  /// Forgets the tenant of a slot whose word has been overwritten.
  void forget(moelora::SlotTableChange &change, int32_t slot,
              moelora_slot_event_kind kind) noexcept;

  const moelora_device &device;
  const moelora::PageFormat format;
  const uint64_t maxBytes;
  const int indexBits;
  const moelora::DeviceMemory directory; ///< words, then moelora_run_stats
  const moelora::StepKernel kernel;
  const moelora::Stream publishing; ///< of stores that nobody else orders
  std::mutex counting;              ///< guards the next two
  moelora_run_stats counted = {};   ///< where the device's counters go
  const moelora::Stream reading;    ///< on this stream
  moelora::UploadRing ring;

  mutable std::mutex mutex; ///< guards what follows
  moelora::SlotFences fences;
  moelora::SlotCore core;
  moelora::BufferStore buffers;
  std::vector<moelora::DeviceMemory> kept; ///< to the end, as in `broken`
  std::vector<moelora::Tenant> tenants;    ///< by slot
  std::map<std::string, int32_t, std::less<>> slotOf; ///< -1: none yet
  int32_t loads = 0, steps = 0;                       ///< under way; there
  int32_t layers = 0;                                 ///< bound to it
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

/// One change of the table: holds the lock, and does afterwards what must not
/// be done under it: give memory back, wait, and tell the observer.
class SlotTableChange {
public:
  /// Looks at the fences first.
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

/// Counts the answers that say that a caller is behind the times, or too early.
void countAnswer(moelora_slot_table &table, moelora_status status);

/// Makes memory of the device zero, and waits for it.
void clearMemory(const DeviceMemory &memory, const moelora_device &device);

void addCost(moelora_slot_cost &to, const moelora_slot_cost &cost);
void subtractCost(moelora_slot_cost &from, const moelora_slot_cost &cost);

/// Nanoseconds of a clock that only goes forward.
uint64_t monotonicTime();

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTTABLESTATE_H
