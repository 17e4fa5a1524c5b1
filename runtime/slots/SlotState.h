/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The state of a slot table: the tenant of each slot, the unfinished stores,
 * the open steps, and the memory that waits for them.
 *
 * A buffer (the image of one version of an adapter) is in the directory until a
 * store has replaced its word. When the host sees that the event after the
 * store has passed, the buffer has *left*. A step that enters later cannot read
 * the buffer, but earlier steps may. The buffer is therefore freed when the
 * device is past all steps that had entered at that moment.
 *
 *     enters    1      2          3      4
 *     time      ---------store----+------------->
 *                        store   event seen         left at 3 enters:
 *                                                   waits for steps 1, 2 and 3
 */
#ifndef MOELORA_RUNTIME_SLOTSTATE_H
#define MOELORA_RUNTIME_SLOTSTATE_H

#include <cstdint>
#include <optional>
#include <vector>

namespace moelora {

/// Numbers for objects that the decisions do not access.
using BufferId = uint32_t; ///< 0: none
using Fence = uint32_t;    ///< a position in a stream; 0: it has passed

enum class FenceState { Pending, Passed, Failed };

/// The functions that the decisions need from outside.
class Fences {
public:
  virtual FenceState state(Fence fence) = 0; ///< never called with 0
  virtual void drop(Fence fence) = 0;        ///< it will not be used again
protected:
  ~Fences() = default;
};

/// The leases of a slot's present adapter. A lease is identified by its number.
struct Leases {
  int32_t out = 0;
  uint32_t given = 0;  ///< so far
  uint64_t recent = 0; ///< bit i: lease `given - 1 - i` is open
};

struct SlotState {
  enum { Free, Reserved, Live, Closed } state = Free;
  bool enabled = true;
  /// The device failed after a store, which may still be done at any time, so
  /// the content of the slot stays as it is.
  bool broken = false;
  uint32_t generation = 0;
  int32_t version = 0;
  BufferId buffer = 0;   ///< of LIVE: the newest
  uint64_t used = 0;     ///< time of the last lease
  uint64_t released = 0; ///< enters at the last release
  Leases leases;
};

/// An unfinished store to the directory.
struct Store {
  int32_t slot;
  Fence fence;
  BufferId leaves; ///< the buffer that it replaces; 0: none
};

/// A buffer that has left.
struct Retired {
  BufferId buffer;
  uint64_t enters; ///< when that was seen
};

/// A step that has entered and that the device is not past.
struct OpenStep {
  uint64_t serial; ///< the number of the enter, from 1
  enum { Inside, Leaving, Broken } state = Inside;
  Fence left = 0; ///< of Leaving
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTSTATE_H
