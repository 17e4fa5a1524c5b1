/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts the work of a long call, and checks whether it was cancelled.
 */
#ifndef MOELORA_RUNTIME_BASE_WORK_H
#define MOELORA_RUNTIME_BASE_WORK_H

#include "base/Failure.h"

#include <atomic>
#include <cstdint>

namespace moelora {

/// Passed to all functions that take time while an adapter is opened. Used by
/// one thread; other threads set the flag.
class Work {
public:
  /// Cannot be cancelled.
  Work() = default;
  explicit Work(const std::atomic<bool> &cancelled) : cancelled(&cancelled) {}
  Work(const Work &) = delete;

  /// Counts steps, each of which takes some nanoseconds, and fails with
  /// CANCELLED soon after the request.
  void step(uint64_t count = 1) {
    done += count;
    if (done >= nextLook)
      look();
  }

  /// Fails with CANCELLED if this was requested.
  void look() {
    nextLook = done + stepsPerLook;
    if (cancelled && cancelled->load(std::memory_order_relaxed))
      fail("the load was cancelled", MOELORA_CANCELLED);
  }

  uint64_t steps() const { return done; }

  /// The number of steps between two checks, which take well below a
  /// millisecond.
  static constexpr uint64_t stepsPerLook = 4096;

private:
  const std::atomic<bool> *cancelled = nullptr;
  uint64_t done = 0, nextLook = stepsPerLook;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_WORK_H
