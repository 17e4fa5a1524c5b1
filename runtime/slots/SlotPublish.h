/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads an adapter into a slot in two steps. Everything that takes time, or may
 * fail because of a file's content, is part of the first one.
 */
#ifndef MOELORA_SLOTS_SLOTPUBLISH_H
#define MOELORA_SLOTS_SLOTPUBLISH_H

#include "moelora/runtime/SlotPublish.h"
#include "slots/SlotTableState.h"

#include <functional>

/// An adapter in memory of the device, with a reserved name, that is not in the
/// directory yet. If it is destroyed before it is published, everything that it
/// has reserved is freed.
struct moelora_staged {
  /// A new adapter. A slot is reserved for it, if one is free.
  moelora_staged(moelora_slot_table &table, const char *name);
  /// An adapter that replaces a present one.
  moelora_staged(moelora_slot_table &table, int32_t id);
  ~moelora_staged();
  moelora_staged(const moelora_staged &) = delete;

  moelora_slot_table &table;
  std::string name;
  int32_t replaces = -1;       ///< the id of the present one
  std::optional<int32_t> slot; ///< reserved
  bool published = false;

  /// Makes a slot that is free or reserved the reserved one. Another load that
  /// has reserved it gets the former one of this load. The caller holds the
  /// lock.
  void takeSlot(int32_t wanted) noexcept;

  moelora::DeviceMemory memory;
  moelora_slot_cost cost = {};
  uint64_t nanoseconds = 0;
  bool neutral = false; ///< the adapter cannot change anything
};

namespace moelora {

/// The slot and the generation for an adapter.
struct Target {
  int32_t slot;
  uint32_t generation;
  std::vector<int32_t>
      others; ///< the slots that are evicted for lack of memory
};

/// Chooses a slot, and the adapters to evict.
Target findTarget(moelora_staged &staged);

/// Checks a slot and a generation that all peer ranks have agreed on.
Target checkTarget(const moelora_staged &staged, int32_t slot,
                   uint32_t generation);
/// The same for an eviction.
void checkEviction(const moelora_slot_table &table, int32_t slot,
                   uint32_t generation);
void evictAt(SlotTableChange &change, moelora_slot_table &table, int32_t slot,
             uint32_t generation, moelora_stream *stream);

/// Publishes an adapter in the slot that `choose` returns, which is called
/// under the lock. Returns the id.
int32_t publish(moelora_staged &staged, moelora_stream *stream,
                const std::function<Target()> &choose);

} // namespace moelora

#endif // MOELORA_SLOTS_SLOTPUBLISH_H
