/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Which thread of a worker runs next.
 */
#ifndef MOELORA_EMULATOR_SCHEDULE_H
#define MOELORA_EMULATOR_SCHEDULE_H

#include "Options.h"
#include "Random.h"

#include <deque>
#include <vector>

namespace moelora::emulator {

struct Thread;

class Schedule {
public:
  Schedule(Order order, uint64_t seed);

  /// A thread that can go on.
  void add(Thread &thread);
  /// The same, and in round robin before all others.
  void addFirst(Thread &thread);
  /// One of them, or NULL.
  Thread *next();
  /// Whether a thread also gives way where it could go on.
  bool interrupts() const { return order != Order::RoundRobin; }
  Order kind() const { return order; }
  Random &random() { return numbers; }

private:
  /// Warps and, for every other seed, single lanes run by priorities. Now and
  /// then the warp in front falls behind all others.
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
  std::deque<Thread *> queue; ///< round robin
  std::vector<Thread *> any;  ///< random
  std::vector<Ranked> ranked; ///< adversarial: a heap
  uint64_t lowest;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_SCHEDULE_H
