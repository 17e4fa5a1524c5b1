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
  uint32_t number = 0; ///< the barrier, or the mask of the meeting
};

/// A store to bytes that another thread block of the launch wrote. When the
/// kernel has performed the store, its value is compared with that of the other
/// block.
struct DoubtfulStore {
  static constexpr uint32_t mostBytes = 16;
  const char *address = nullptr; ///< NULL if there is no such store
  uint32_t bytes = 0, site = 0;
  char before[mostBytes]; ///< the bytes before the store
};

struct Thread : moelora_emulator_thread {
  Block *block = nullptr;
  Warp *warp = nullptr;
  uint32_t index = 0, lane = 0; ///< in the thread block, in the warp
  uint32_t position[3] = {};
  Fiber fiber;
  Wait wait;
  bool exited = false;
  uint32_t result = 0; ///< the value that the last barrier returns

  Stamp stamp = 1;
  Clock clock;    ///< what this thread knows; see Clock.h
  Clock released; ///< what its last fence released
  Clock acquired; ///< what its next fence acquires

  Copies copies;
  DoubtfulStore doubtful;
  uint32_t bankCursor = 0;
};

/// The properties that must be equal for all lanes of a meeting.
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
  uint32_t detail; ///< for example, the kind of shuffle
};

/// Lanes of a warp that wait for each other in one operation.
struct Meeting {
  MeetingKey key;
  uint32_t arrived;          ///< a mask
  void *operands[warpLanes]; ///< on the stacks of the lanes
};

struct Warp {
  uint32_t index = 0;
  uint32_t live = 0; ///< the mask of lanes that have not exited
  uint64_t priority = 0;
  Thread *lanes[warpLanes] = {};
  std::vector<Meeting> meetings;
  Banks banks;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_THREAD_H
