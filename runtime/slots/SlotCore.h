/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a slot table decides, apart from memory, threads and devices: which slot
 * an adapter gets, what may be evicted, and when storage may be given back. It
 * is a plain value, so that a test can walk through all of its states; the slot
 * table keeps it under a lock.
 */
#ifndef MOELORA_RUNTIME_SLOTCORE_H
#define MOELORA_RUNTIME_SLOTCORE_H

#include "slots/SlotState.h"

namespace moelora {

class SlotCore {
public:
  SlotCore(int32_t slots, uint32_t generations);

  const std::vector<SlotState> &slots() const { return all; }
  int32_t idOf(int32_t slot) const;
  /// The slot of a present adapter's id; none when it is of the past.
  std::optional<int32_t> find(int32_t id) const;

  /// A free slot, which is then reserved.
  std::optional<int32_t> reserve();
  void abandon(int32_t slot);
  /// From reserved to live.
  void publish(int32_t slot, BlockId block);

  /// Nobody has it leased, and no stream may be before a release or a store.
  bool idle(int32_t slot, Fences &fences);
  /// The least recently used idle slot among those that `mayGo`.
  std::optional<int32_t> victim(Fences &fences, const std::vector<bool> &mayGo);
  /// What the slot's generation becomes with the next evict.
  uint32_t nextGeneration(int32_t slot) const;
  /// Ends an idle adapter and its ids; its block is free.
  BlockId evict(int32_t slot) noexcept;

  /// Whether a change on this stream comes after all earlier ones.
  bool mayChange(int32_t slot, StreamName stream, Fences &fences);
  /// Gets what the next change needs, so that it cannot fail.
  void prepare(int32_t slot);
  void replace(int32_t slot, BlockId block, Mark store) noexcept;
  void enable(int32_t slot, bool enabled, Mark store) noexcept;

  /// Answers a pin; allocates nothing.
  uint64_t acquire(int32_t slot, Fences &fences);
  /// Whether the pin is of a lease that is out, as far as can be told.
  bool leased(uint64_t pin) const;
  /// Ends such a lease when `mark` has passed. Allocates only when many streams
  /// release the same adapter at once.
  void release(uint64_t pin, Mark mark, Fences &fences);

  /// A block that has become free, or 0; to be called until it answers 0.
  BlockId drain(int32_t slot, Fences &fences);

private:
  SlotState &at(int32_t slot) { return all[static_cast<size_t>(slot)]; }
  const Epoch *epochOf(uint64_t pin) const;
  void settle(SlotState &slot, Fences &fences);

  std::vector<SlotState> all;
  uint32_t generations;
  uint64_t clock = 0;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTCORE_H
