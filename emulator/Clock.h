/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Order within a thread block: vector clocks. An access is stamped with its
 * thread and with the time at which the thread last met others; a thread knows
 * of each other thread up to which stamp its accesses came before. Only what
 * orders memory on the GPU joins clocks: barriers, warp barriers, and fences
 * around atomic operations.
 *
 *   time  thread 0           thread 1           knows of thread 0
 *     1   store, stamp 1                        0
 *     2   barrier            barrier            1: the store came before
 *     2   store, stamp 2                        1: not ordered with this one
 */
#ifndef MOELORA_EMULATOR_CLOCK_H
#define MOELORA_EMULATOR_CLOCK_H

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace moelora::emulator {

using Stamp = uint32_t; ///< 0: before all

/// For each thread of the block, up to which stamp it is known. Threads that
/// met share one; a change makes another.
using Clock = std::shared_ptr<const std::vector<Stamp>>;

/// Collects clocks, of which most are the same.
class JoinedClock {
public:
  void add(const Clock &clock) {
    if (!clock || clock == last)
      return;
    last = clock;
    if (known.empty())
      known = *clock;
    else
      for (size_t i = 0; i < known.size(); ++i)
        known[i] = std::max(known[i], (*clock)[i]);
  }
  /// Also what a thread itself did up to a stamp.
  void add(const Clock &clock, uint32_t thread, Stamp stamp) {
    add(clock);
    known[thread] = std::max(known[thread], stamp);
  }
  Clock take() {
    last.reset();
    return std::make_shared<const std::vector<Stamp>>(std::move(known));
  }

private:
  std::vector<Stamp> known;
  Clock last;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_CLOCK_H
