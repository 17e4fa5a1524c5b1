/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From an adapter to a slot, in two steps. Everything that takes time, or may
 * fail for what is in a file, is in the first one.
 */
#ifndef MOELORA_SLOTS_SLOTPUBLISH_H
#define MOELORA_SLOTS_SLOTPUBLISH_H

#include "moelora/runtime/SlotPublish.h"
#include "slots/SlotTableState.h"

#include <functional>

/// An adapter in memory of the device, with a name that is kept for it, and not
/// in the directory yet. What was not published is given back with it.
struct moelora_staged {
  /// A new adapter; a slot is kept for it, if one is free.
  moelora_staged(moelora_slot_table &table, const char *name);
  /// One that takes the place of a present one.
  moelora_staged(moelora_slot_table &table, int32_t id);
  ~moelora_staged();
  moelora_staged(const moelora_staged &) = delete;

  moelora_slot_table &table;
  std::string name;
  int32_t replaces = -1;       ///< the id of the present one
  std::optional<int32_t> slot; ///< reserved
  bool published = false;

  moelora::DeviceMemory memory;
  moelora_slot_cost cost = {};
  uint64_t nanoseconds = 0;
  bool neutral = false; ///< the adapter cannot change anything

private:
  void reserve();
};

namespace moelora {

/// Where an adapter goes.
struct Target {
  int32_t slot;
  uint32_t generation;
  std::vector<int32_t> others; ///< who is evicted for want of memory
};

/// Chooses a slot, and whom to evict.
Target findTarget(moelora_staged &staged);

/// Publishes where `choose` says, which is asked under the lock; the id.
int32_t publish(moelora_staged &staged, moelora_stream *stream,
                const std::function<Target()> &choose);

} // namespace moelora

#endif // MOELORA_SLOTS_SLOTPUBLISH_H
