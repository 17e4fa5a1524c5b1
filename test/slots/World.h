/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A small world around the decisions of a slot table: directory entries,
 * streams, and callers who keep to the rules. It is a value, so that all of its
 * states can be walked through. The decisions are those of the product,
 * SlotCore; what the world does with them is what the slot table does.
 *
 *     callers: acquire, run, release, load, replace, enable, evict, reset
 *        |
 *     SlotCore <-- fences ---- streams: run, store, passing, ...
 *        |                        |
 *        +----- stores at once -> entries <- read once by each run
 */
#ifndef MOELORA_TEST_SLOTS_WORLD_H
#define MOELORA_TEST_SLOTS_WORLD_H

#include "Bounds.h"
#include "WorldParts.h"

namespace moelora::test {

struct World final : Fences {
  explicit World(const Bounds &bounds);

  // What callers ask for. Answers other than "done" are counted.
  void beginLoad(int32_t adapter);
  void endLoad(int32_t adapter);
  void failLoad(int32_t adapter);
  void acquire(int32_t slot);
  void run(size_t lease, int32_t stream);
  void release(size_t lease, int32_t stream);
  void replace(int32_t slot, int32_t stream);
  void toggle(int32_t slot, int32_t stream);
  void evict(int32_t slot);
  /// The same when streams went on since blocks were given back.
  void evictIfIdle(int32_t slot);
  void reset();
  void drain();
  /// Does the next thing on a stream; a run takes two: it starts, and it ends.
  void step(int32_t stream);

  /// What holds between any two steps.
  void check() const;

  bool passed(Fence fence) override;
  void drop(Fence fence) override;

  bool isLoading() const;
  bool isReserved(int32_t slot) const;
  bool isIdle(int32_t slot) const;
  /// Stores of this slot are on their way, on other streams than `besides`.
  bool isChanging(int32_t slot, int32_t besides) const;
  std::optional<int32_t> victim();
  void evictNow(int32_t slot);
  void storeNow(int32_t slot, const Entry &entry);
  Mark storeOn(int32_t stream, int32_t slot, bool enabled, BlockId block);
  Fence mark(int32_t stream, int32_t slot, bool changes);
  void execute(const Item &store);
  void start(Item &run);
  BlockId newBlock(int32_t tenant);
  void giveBack(BlockId block);
  bool isAlive(BlockId block) const { return tenantOf[block - 1] >= 0; }
  bool isPublished(BlockId block) const;
  /// What a lease that is taken now should hold.
  uint64_t pinOf(int32_t slot) const {
    return at(slot).epochs.back().serial << MOELORA_SLOT_INDEX_BITS |
           static_cast<uint64_t>(slot);
  }
  BlockId resolve(int32_t slot, uint32_t generation) const;
  void checkSlot(int32_t slot) const;
  void checkLeases() const;
  void checkQuiet() const;
  const SlotState &at(int32_t slot) const {
    return core.slots()[static_cast<size_t>(slot)];
  }

  const Bounds *bounds;
  SlotCore core;
  std::vector<Entry> entries;
  std::vector<std::vector<Item>> streams; ///< oldest first
  std::vector<Load> loads;                ///< by adapter
  std::vector<Lease> leases;
  std::vector<int32_t> tenantOf;  ///< by block; -1: given back
  std::vector<Known> known;       ///< by slot
  std::vector<Id> ids;            ///< all that were handed out
  std::vector<uint64_t> gonePins; ///< what leases of gone adapters hold
  std::vector<Fence> fences;      ///< that may be asked for
  uint32_t lastLease = 0, lastFence = 0, clock = 0;
  int32_t lastTenant = 0;
  uint32_t full = 0, busy = 0, late = 0; ///< answers; blocks that waited
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_WORLD_H
