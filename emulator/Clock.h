/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Vector clocks, which define the order of accesses within a thread block. An
 * access has the stamp that its thread had at the time. A thread receives a new
 * stamp whenever it is ordered with others. It knows for each other thread a
 * stamp: accesses with this stamp or an earlier one happened before everything
 * that the thread does now. Only what orders memory on the GPU joins clocks:
 * barriers, warp barriers, and fences around atomic operations.
 *
 *   time  thread 0           thread 1           knows of thread 0
 *     1   store, stamp 1                        0
 *     2   barrier            barrier            1: store 1 came before
 *     2   store, stamp 2                        1: store 2 is not ordered
 */
#ifndef MOELORA_EMULATOR_CLOCK_H
#define MOELORA_EMULATOR_CLOCK_H

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace moelora::emulator {

using Stamp = uint32_t; ///< 0 is before all accesses

/// For each thread of the thread block, the last stamp of it that is known.
/// Threads that were ordered with each other share one clock. A clock does not
/// change: a thread that learns more receives another one.
using Clock = std::shared_ptr<const std::vector<Stamp>>;

/// The maximum of several clocks. Most of them are the same object, which is
/// added once.
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
  /// Adds the clock of a thread and the stamp of the thread itself.
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
