/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A GPU thread and its warp.
 */
#ifndef MOELORA_EMULATOR_THREAD_H
#define MOELORA_EMULATOR_THREAD_H

#include "Banks.h"
#include "Clock.h"
#include "Copies.h"
#include "Fiber.h"

#include "moelora/emulator/Kernel.h"

namespace moelora::emulator {

class Block;
struct Warp;

/// What a thread waits for.
struct Wait {
  enum Kind { Nothing, Barrier, Meeting } kind = Nothing;
  uint32_t site = 0;
  uint32_t number = 0; ///< of a barrier: which one; of a meeting: its mask
};

/// A store whose value is compared once it is there: another block of the
/// launch wrote the same bytes.
struct DoubtfulStore {
  static constexpr uint32_t mostBytes = 16;
  const char *address = nullptr; ///< NULL: there is none
  uint32_t bytes = 0, site = 0;
  char before[mostBytes];
};

struct Thread : moelora_emulator_thread {
  Block *block = nullptr;
  Warp *warp = nullptr;
  uint32_t index = 0, lane = 0; ///< in the block, in the warp
  uint32_t position[3] = {};
  Fiber fiber;
  Wait wait;
  bool exited = false;
  uint32_t result = 0; ///< of the last barrier

  Stamp stamp = 1;
  Clock clock;    ///< what came before this thread
  Clock released; ///< what its atomic operations let others know
  Clock acquired; ///< what a fence will let it know

  Copies copies;
  DoubtfulStore doubtful;
  uint32_t bankCursor = 0;
};

/// What lanes that meet have to agree on.
struct MeetingKey {
  enum Operation {
    Barrier,
    Shuffle,
    Vote,
    Match,
    Reduce,
    LoadMatrix,
    MoveMatrix,
    Mma,
  } operation;
  uint32_t mask, site;
  uint32_t detail; ///< the kind of shuffle, ...
};

/// Lanes of a warp that wait for one another.
struct Meeting {
  MeetingKey key;
  uint32_t arrived;
  void *operands[warpLanes]; ///< on the stacks of the lanes
};

struct Warp {
  uint32_t index = 0;
  uint32_t live = 0; ///< lanes that have not exited
  uint64_t priority = 0;
  Thread *lanes[warpLanes] = {};
  std::vector<Meeting> meetings;
  Banks banks;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_THREAD_H
