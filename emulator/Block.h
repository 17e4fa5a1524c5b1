/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread block: its threads, its shared memory, and how they wait.
 */
#ifndef MOELORA_EMULATOR_BLOCK_H
#define MOELORA_EMULATOR_BLOCK_H

#include "Barriers.h"
#include "Launch.h"
#include "Regions.h"
#include "Report.h"
#include "Schedule.h"
#include "SharedShadow.h"
#include "Thread.h"

#include <map>

namespace moelora::emulator {

class Block {
public:
  /// Prepares thread block `number` of a launch, and schedules its threads.
  void begin(Launch &launch, uint64_t number, Schedule &schedule,
             Counts &counts);
  /// Runs a thread until it waits. Returns whether the block has ended.
  bool run(Thread &thread, Stacks &stacks) {
    if (!thread.fiber.started())
      start(thread, stacks);
    thread.fiber.resume();
    return (thread.exited || !ready) && settle(thread, stacks);
  }
  /// Returns the stacks of all threads, which are not run any more.
  void abandon(Stacks &stacks);

  // The following functions are called on the fiber of `thread`.

  /// Lets other threads run, if there are any.
  void giveWay(Thread &thread) {
    pause(thread);
    schedule->add(thread);
    thread.fiber.suspend();
  }
  /// Suspends the thread until `wake` or `wakeFirst`.
  void sleep(Thread &thread, const Wait &wait) {
    pause(thread);
    thread.wait = wait;
    --ready;
    thread.fiber.suspend();
  }
  /// Lets a sleeping thread go on. Called from outside its fiber.
  void wake(Thread &thread);
  /// Like `wake`, but first in round robin, while its stack is in the caches.
  void wakeFirst(Thread &thread);
  /// Ends the launch with a fault. Does not return, and frees only `text`, so
  /// callers keep nothing on the stack that needs a destructor.
  [[noreturn]] void fault(Thread &thread, uint32_t site, std::string text);
  /// Ends the thread, whose kernel has returned.
  [[noreturn]] void leave(Thread &thread);

  /// Orders the threads that `eachThread` visits, which have waited for each
  /// other: what one of them did before comes before what any does after.
  template <typename Each> void order(Each eachThread) {
    if (!launch->options.checks)
      return;
    JoinedClock joined;
    eachThread([&](Thread &thread) {
      joined.add(thread.clock, thread.index, thread.stamp);
    });
    Clock clock = joined.take();
    ++time;
    eachThread([&](Thread &thread) {
      thread.clock = clock;
      thread.stamp = time;
    });
  }
  Accessor accessor(const Thread &thread, uint32_t site) const {
    return {thread.index, thread.stamp, *thread.clock, site};
  }

  char *sharedBegin() const { return shared.begin() + pageBytes; }
  std::string siteName(uint32_t site) const;
  std::string name() const;
  std::string threadName(const Thread &thread) const;

  Launch *launch = nullptr;
  Schedule *schedule = nullptr;
  Counts *counts = nullptr;
  uint64_t number = 0;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  uint32_t live = 0, ready = 0; ///< threads not exited, threads not waiting
  static constexpr uint32_t barrierCount = 16;
  Barrier barriers[barrierCount];
  Mapping shared; ///< as large as the largest shared memory
  SharedShadow shadow;
  Regions regions;
  Stamp time = 1;
  /// For each address, what atomic operations on it have released.
  std::map<uintptr_t, Clock> released;
  uint64_t lastAtomic = 0; ///< Launch::atomics at the last one

private:
  /// Inlined, because there is mostly nothing to do.
  void pause(Thread &thread) {
    if (thread.doubtful.address || schedule->kind() == Order::Random)
      beforePause(thread);
  }
  void beforePause(Thread &thread);
  void start(Thread &thread, Stacks &stacks);
  /// Called after a thread has exited, and when all threads wait. Completes
  /// barriers, reports a deadlock, and returns whether the block has ended.
  bool settle(Thread &thread, Stacks &stacks);
  void beginThreads();
  void beginWarps();
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_BLOCK_H
