/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is known of one slot: who has it, and who may still be reading what was
 * in it.
 *
 * A block (the storage of one version of an adapter) leaves the directory when
 * the store that overwrites its entry has been done. From then on no new reader
 * finds it, and those that may have found it hold leases of that time or of an
 * earlier one. So leases are counted by epoch, an epoch ends when a block
 * leaves, and the block is free when its epoch and all before it are drained:
 *
 *     leases   a  b     c        d
 *     time     ----+--------+-------->
 *     leaves       X        Y           X waits for a and b; Y for c as well
 */
#ifndef MOELORA_RUNTIME_SLOTSTATE_H
#define MOELORA_RUNTIME_SLOTSTATE_H

#include <cstdint>
#include <optional>
#include <vector>

namespace moelora {

/// Names that the core hands on without looking behind them.
using BlockId = uint32_t; ///< 0: none
using Fence = uint32_t;   ///< a moment of a stream; 0: it has passed
using StreamName = const void *;

/// What the core asks of the world.
class Fences {
public:
  virtual bool passed(Fence fence) = 0; ///< never called with 0
  virtual void drop(Fence fence) = 0;   ///< nobody will ask for it again
protected:
  ~Fences() = default;
};

struct Mark {
  Fence fence;
  StreamName stream;
};

struct Epoch {
  uint64_t serial;
  int32_t leases = 0;
  BlockId left = 0;        ///< the block that ended it; 0: it goes on
  std::vector<Mark> marks; ///< releases that their streams may not be past
};

/// A store to the directory that may be on its way.
struct Change {
  Mark store;
  BlockId leaves; ///< 0: none
  Epoch next;     ///< of the leases after it, where a block leaves
};

struct SlotState {
  enum { Free, Reserved, Live } state = Free;
  bool enabled = true;
  uint32_t generation = 0;
  int32_t version = 0;
  BlockId block = 0;           ///< of LIVE: the newest
  uint64_t used = 0;           ///< time of the last lease
  uint64_t serials = 0;        ///< of epochs, given so far
  std::optional<Epoch> spare;  ///< made by prepare
  std::vector<Change> changes; ///< oldest first, all on one stream
  std::vector<Epoch> epochs;   ///< oldest first; the last one goes on
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTSTATE_H
