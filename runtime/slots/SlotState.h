/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a slot table knows: who has which slot, which stores are on their way,
 * which steps have entered, and which memory waits for them.
 *
 * A buffer (the image of one version of an adapter) is in the directory until a
 * store has replaced its word. The host learns so from the event behind the
 * store; then the buffer has *left*. A step that enters later cannot find it
 * any more, one that entered before may have: so it is free when all steps that
 * had entered at that moment are past.
 *
 *     enters    1      2          3      4
 *     time      ---------store----+------------->
 *                        asked   seen               left at 3 enters:
 *                                                   waits for steps 1, 2 and 3
 */
#ifndef MOELORA_RUNTIME_SLOTSTATE_H
#define MOELORA_RUNTIME_SLOTSTATE_H

#include <cstdint>
#include <optional>
#include <vector>

namespace moelora {

/// Names that the decisions hand on without looking behind them.
using BufferId = uint32_t; ///< 0: none
using Fence = uint32_t;    ///< a moment of a stream; 0: it has passed

enum class FenceState { Pending, Passed, Failed };

/// What the decisions ask of the world.
class Fences {
public:
  virtual FenceState state(Fence fence) = 0; ///< never called with 0
  virtual void drop(Fence fence) = 0;        ///< nobody will ask for it again
protected:
  ~Fences() = default;
};

/// The leases of a slot's present adapter. A lease is known by its number.
struct Leases {
  int32_t out = 0;
  uint32_t given = 0;  ///< so far
  uint64_t recent = 0; ///< bit i: number given - 1 - i is out
};

struct SlotState {
  enum { Free, Reserved, Live, Closed } state = Free;
  bool enabled = true;
  /// The device failed behind a store, which may yet be done at any time: what
  /// the slot holds stays as it is.
  bool broken = false;
  uint32_t generation = 0;
  int32_t version = 0;
  BufferId buffer = 0;   ///< of LIVE: the newest
  uint64_t used = 0;     ///< time of the last lease
  uint64_t released = 0; ///< enters at the last release
  Leases leases;
};

/// A store to the directory that is on its way.
struct Store {
  int32_t slot;
  Fence fence;
  BufferId leaves; ///< what it replaces; 0: nothing
};

/// A buffer that has left.
struct Retired {
  BufferId buffer;
  uint64_t enters; ///< when that was seen
};

/// A step that has entered and is not past.
struct OpenStep {
  uint64_t serial; ///< which enter it was, from 1 on
  enum { Inside, Leaving, Broken } state = Inside;
  Fence left = 0; ///< of Leaving
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTSTATE_H
