/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What there is in the world of a slot table.
 */
#ifndef MOELORA_TEST_SLOTS_WORLDPARTS_H
#define MOELORA_TEST_SLOTS_WORLDPARTS_H

#include "slots/SlotCore.h"

namespace moelora::test {

/// One thing on a stream.
struct Item {
  enum Kind { Run, Store, Passing } kind;
  int32_t slot;
  bool changes;   ///< a store, or the passing of one
  uint32_t lease; ///< of a run: the number of its lease
  BlockId block;  ///< of a store, or what a run reads that has started
  bool flag;      ///< a run has started; a store enables
  Fence fence;    ///< of Passing
};

struct Lease {
  uint32_t number;
  uint64_t pin;
  int32_t slot;
};

/// What the stores that have been done make of a slot.
struct Entry {
  uint32_t generation = 0;
  bool enabled = true;
  BlockId block = 0; ///< served when enabled
};

/// What callers know of a slot's adapter.
struct Known {
  int32_t tenant = -1; ///< the number of its load
  bool enabled = true;
  uint32_t used = 0; ///< the time of the last lease
};

/// An id that was handed out.
struct Id {
  int32_t slot;
  uint32_t generation;
  int32_t tenant;
};

struct Load {
  enum { Absent, Loading, Present } state = Absent;
  int32_t slot = -1;
};

inline size_t index(int32_t i) { return static_cast<size_t>(i); }

/// In place of a stream: the work is done when it is asked for.
constexpr int32_t atOnce = -1;

/// What the core knows a stream by.
inline StreamName nameOf(int32_t stream) {
  return stream == atOnce ? nullptr
                          : reinterpret_cast<StreamName>(uintptr_t(stream + 1));
}

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_WORLDPARTS_H
