/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a slot table decides, apart from memory, threads and devices: which slot
 * an adapter gets, what may be evicted, and when memory may be given back. It
 * is a plain value; the slot table keeps it under a lock.
 */
#ifndef MOELORA_RUNTIME_SLOTCORE_H
#define MOELORA_RUNTIME_SLOTCORE_H

#include "slots/SlotState.h"

namespace moelora {

class SlotCore {
public:
  /// `ordersStores`: the store that evicts an adapter can come after others of
  /// it that are on their way. Otherwise it is not idle until they are done.
  SlotCore(int32_t slots, uint32_t generations, bool ordersStores);

  const std::vector<SlotState> &slots() const { return all; }
  const SlotState &at(int32_t slot) const {
    return all[static_cast<size_t>(slot)];
  }
  /// Generations of a slot; one that has had them all is closed.
  uint32_t generations() const { return generationCount; }

  /// A free slot, which is then reserved.
  std::optional<int32_t> reserve() noexcept;
  void abandon(int32_t slot) noexcept;
  /// What an adapter has to go for: a slot has to have another generation.
  enum Need { ForSlot, ForMemory };
  /// The least recently used idle slot, but for those of `besides`.
  std::optional<int32_t> victim(Need need,
                                const std::vector<int32_t> &besides) const;
  /// No lease is out, and all steps that entered before the last release are
  /// past.
  bool idle(int32_t slot) const;

  /// Gets what the next changes need, so that they cannot fail.
  void prepare(size_t changes = 1);
  /// Each is told the fence behind its store.
  void publish(int32_t slot, uint32_t generation, BufferId buffer,
               Fence store) noexcept;
  void replace(int32_t slot, BufferId buffer, Fence store) noexcept;
  void enable(int32_t slot, bool enabled, Fence store) noexcept;
  /// The next adapter has this generation; where there is none, nobody has.
  void evict(int32_t slot, uint32_t generation, Fence store) noexcept;

  /// Answers a pin; `leased` says whether it is of a lease that is out, as far
  /// as can be told: exactly for the last 64 leases of an adapter.
  uint64_t acquire(int32_t slot) noexcept;
  bool leased(uint64_t pin) const noexcept;
  void release(uint64_t pin) noexcept;

  /// Serials grow from 1. Allocates only when more steps are open than before.
  uint64_t enter();
  uint64_t entered() const { return enters; }
  void leave(uint64_t serial, Fence left) noexcept;
  /// Nothing, when the step is past.
  const OpenStep *step(uint64_t serial) const noexcept;

  /// Looks which fences have passed; all questions are answered as of then.
  void settle(Fences &fences) noexcept;
  /// On their way, oldest first.
  const std::vector<Store> &stores() const { return onTheirWay; }
  bool storing(int32_t slot) const noexcept;
  /// Those that have left and are not free, in the order in which they left.
  const std::vector<Retired> &waiting() const { return retired; }
  /// Those that are not past, in the order in which they entered.
  const std::vector<OpenStep> &openSteps() const { return open; }
  /// A buffer that nobody reads any more, or 0.
  BufferId takeFree() noexcept;
  /// Fences behind which the device failed: what they guard is kept.
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
