/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The decisions of a slot table, without memory, threads and devices: which
 * slot an adapter gets, what may be evicted, and when memory may be freed. It
 * is a plain value, which the slot table guards with a lock.
 */
#ifndef MOELORA_RUNTIME_SLOTCORE_H
#define MOELORA_RUNTIME_SLOTCORE_H

#include "slots/SlotState.h"

namespace moelora {

class SlotCore {
public:
  /// `ordersStores`: the store that evicts an adapter can be ordered after
  /// unfinished stores to its slot. Otherwise an adapter is not idle until they
  /// are done.
  SlotCore(int32_t slots, uint32_t generations, bool ordersStores);

  const std::vector<SlotState> &slots() const { return all; }
  const SlotState &at(int32_t slot) const {
    return all[static_cast<size_t>(slot)];
  }
  /// The number of generations of a slot. A slot that has had all of them is
  /// closed.
  uint32_t generations() const { return generationCount; }

  /// Reserves a free slot.
  std::optional<int32_t> reserve() noexcept;
  /// Reserves this slot, which must be free.
  void reserve(int32_t slot) noexcept;
  void abandon(int32_t slot) noexcept;
  /// Why an adapter is evicted. ForSlot requires that its slot has a further
  /// generation.
  enum Need { ForSlot, ForMemory };
  /// The least recently used idle slot, except those of `besides`.
  std::optional<int32_t> victim(Need need,
                                const std::vector<int32_t> &besides) const;
  /// Whether a slot has no lease and the device is past all steps that entered
  /// before the last release.
  bool idle(int32_t slot) const;

  /// Allocates the memory that the next changes need, so that they cannot fail.
  void prepare(size_t changes = 1);
  /// Changes of a slot. Each receives the fence after its store.
  void publish(int32_t slot, uint32_t generation, BufferId buffer,
               Fence store) noexcept;
  void replace(int32_t slot, BufferId buffer, Fence store) noexcept;
  void enable(int32_t slot, bool enabled, Fence store) noexcept;
  /// The next adapter has this generation. If there is no such generation, the
  /// slot is closed.
  void evict(int32_t slot, uint32_t generation, Fence store) noexcept;

  /// acquire returns a pin. `leased` returns whether a pin belongs to an open
  /// lease. This is exact for the last 64 leases of an adapter.
  uint64_t acquire(int32_t slot) noexcept;
  bool leased(uint64_t pin) const noexcept;
  void release(uint64_t pin) noexcept;

  /// Serials increase from 1. Allocates only if more steps are open than ever
  /// before.
  uint64_t enter();
  uint64_t entered() const { return enters; }
  void leave(uint64_t serial, Fence left) noexcept;
  /// The step, or nothing if the device is past it.
  const OpenStep *step(uint64_t serial) const noexcept;

  /// Checks which fences have passed. All other functions use the result of the
  /// last check.
  void settle(Fences &fences) noexcept;
  /// The unfinished stores, oldest first.
  const std::vector<Store> &stores() const { return onTheirWay; }
  bool storing(int32_t slot) const noexcept;
  /// The buffers that have left the directory and are not free, in the order in
  /// which they left.
  const std::vector<Retired> &waiting() const { return retired; }
  /// The steps that the device is not past, in the order in which they entered.
  const std::vector<OpenStep> &openSteps() const { return open; }
  /// A buffer that no step can read any more, or 0.
  BufferId takeFree() noexcept;
  /// The fences after which the device failed. The memory that they guard is
  /// kept.
  uint64_t broken() const { return brokenFences; }

private:
  SlotState &slotAt(int32_t slot) { return all[static_cast<size_t>(slot)]; }
  bool past(uint64_t enters) const noexcept;
  void store(int32_t slot, Fence fence, BufferId leaves) noexcept;
  void leaves(BufferId buffer) noexcept;
  bool settle(const Store &store, Fences &fences) noexcept;
  bool settle(OpenStep &step, Fences &fences) noexcept;

  std::vector<SlotState> all;
  std::vector<Store> onTheirWay;
  std::vector<Retired> retired; ///< in the order in which they left
  std::vector<OpenStep> open;   ///< in the order in which they entered
  uint32_t generationCount;
  bool ordersStores;
  uint64_t enters = 0, clock = 0, brokenFences = 0;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTCORE_H
