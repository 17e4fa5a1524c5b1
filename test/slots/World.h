/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table on a device that does one thing at a time, and callers who keep
 * to the rules. Everything is the product's but the device (test/device) and
 * the runs: a run is a kernel that reads, for each token, the first bytes of
 * the image that its step names, once when it begins and once when it ends.
 * Each image begins with its tenant and its version. Freed memory is
 * overwritten immediately.
 *
 *     callers: assign, replace, enter, resolve, run, leave, release, ...
 *        |
 *     the table  ---- stores, waits, records ----> streams
 *        |                                            |
 *        +---- memory <---- reads of runs <-- do one thing, in any order
 *
 * The knowledge of callers is stored separately, and each result of the table
 * and each read of a run is compared with it.
 */
#ifndef MOELORA_TEST_SLOTS_WORLD_H
#define MOELORA_TEST_SLOTS_WORLD_H

#include "Bounds.h"
#include "Ground.h"
#include "HostKernel.h"
#include "WorldParts.h"

#include "moelora/runtime/SlotPublish.h"
#include "moelora/runtime/Step.h"
#include "slots/SlotTableState.h"

#include <deque>

namespace moelora::test {

class World {
public:
  World(Ground &ground, const Bounds &bounds);
  /// Lets go of everything without a look at it.
  ~World();
  World(const World &) = delete;

  // The operations of callers.
  void assign();
  void replace(int32_t slot, int32_t stream);
  void toggle(int32_t slot, int32_t stream);
  void evict(int32_t slot);
  void evictAt(int32_t slot, int32_t stream);
  void acquire(int32_t slot);
  void release(int32_t slot);
  void enter(int32_t pass, int32_t stream);
  void resolve(int32_t pass);
  void run(int32_t pass);
  void leave(int32_t pass);
  /// A graph that is launched outside of a step.
  void replay(int32_t pass);
  void stage();
  void publishAt(int32_t stream);
  void abandon();
  /// Reads statistics, which frees memory.
  void look();
  /// The next thing on a stream of the device.
  void doNext(size_t stream);

  /// The invariants between any two operations.
  void check() const;
  /// Ends everything in the order of the rules: nothing hangs, nothing is left.
  void end();

  /// Called by kernels.
  void runReads(const RunParameters &run);

  const SlotState &at(int32_t slot) const { return table->core.at(slot); }
  bool isLive(int32_t slot) const { return at(slot).state == SlotState::Live; }
  /// Streams that the table's stores and callers' work are on.
  std::vector<moelora_stream *> streamsOfAll() const;
  size_t queued(moelora_stream *stream) const;
  bool isIdle(int32_t slot) const;
  bool isPast(const Entry &entry) const;
  /// Whether the device has done all that a step was used for.
  bool isUnused(const Pass &pass) const;
  const Loaded *tenantIn(int32_t slot) const;
  /// Whose ids a batch has.
  std::vector<size_t> known() const;

  Ground &ground;
  const Bounds &bounds;
  moelora_slot_table *table = nullptr;
  std::vector<moelora_stream *> streams; ///< of callers
  std::vector<Pass> passes;              ///< one for each step object
  std::vector<Entry> entries;            ///< that may not be past
  std::deque<Batch> batches;             ///< all that ever were
  std::vector<Loaded> tenants;           ///< all that ever were
  std::vector<Lease> leases;             ///< that are out
  moelora_staged *staged = nullptr;
  std::string stagedName;
  uint64_t clock = 0, entered = 0;
  uint32_t full = 0, busy = 0, late = 0; ///< what has happened in this action

private:
  std::string freeName() const;
  Loaded &newTenant(const std::string &name, int32_t id);
  Loaded &live(int32_t slot);
  void sign(int32_t slot, const Loaded &tenant) const;
  std::optional<int32_t> nextVictim() const;
  void checkVictim(std::optional<int32_t> expected, int32_t slot) const;
  void gone(int32_t slot);
  void addBatch(size_t pass);
  void checkRead(Token &token, uint64_t read, bool outside) const;

  std::optional<HostKernel> kernel; ///< that reads
  bool closing = false;             ///< it is not checked any more
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_WORLD_H
