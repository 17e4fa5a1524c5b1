/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Decides which thread of a worker runs next.
 */
#ifndef MOELORA_EMULATOR_SCHEDULE_H
#define MOELORA_EMULATOR_SCHEDULE_H

#include "Options.h"
#include "Random.h"

#include <deque>
#include <vector>

namespace moelora::emulator {

struct Thread;

/// The threads of one worker that do not wait and are not running.
class Schedule {
public:
  Schedule(Order order, uint64_t seed);

  /// Adds a thread.
  void add(Thread &thread);
  /// Adds a thread, in round robin before all others.
  void addFirst(Thread &thread);
  /// Removes the thread that runs next. Returns NULL if there is none.
  Thread *next();
  /// Whether threads also let others run where they need not wait.
  bool interrupts() const { return order != Order::RoundRobin; }
  Order kind() const { return order; }
  Random &random() { return numbers; }

private:
  /// The priority of a thread in the adversarial order. Lanes of a warp have
  /// the same priority or, with odd seeds, their own ones. From time to time,
  /// the warp with the highest priority receives the lowest one.
  uint64_t priority(const Thread &thread) const;
  void push(Thread &thread);
  Thread *pop();

  struct Ranked {
    uint64_t priority;
    Thread *thread;
    bool operator<(const Ranked &other) const {
      return priority < other.priority;
    }
  };

  const Order order;
  const bool byLanes;
  Random numbers;
  std::deque<Thread *> queue; ///< in round robin
  std::vector<Thread *> any;  ///< in the random order
  std::vector<Ranked> ranked; ///< a heap in the adversarial order
  uint64_t lowest;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_SCHEDULE_H
