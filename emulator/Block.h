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
  /// Fills the block for a launch; all its threads can go on.
  void begin(Launch &launch, uint64_t number, Schedule &schedule,
             Counts &counts);
  /// Lets a thread run until it waits. Whether the block has ended.
  bool run(Thread &thread, Stacks &stacks) {
    if (!thread.fiber.started())
      start(thread, stacks);
    thread.fiber.resume();
    return (thread.exited || !ready) && settle(thread, stacks);
  }
  /// No thread runs any more.
  void abandon(Stacks &stacks);

  // On the fiber of the thread that is named.

  /// Lets others run, where there are any.
  void giveWay(Thread &thread) {
    pause(thread);
    schedule->add(thread);
    thread.fiber.suspend();
  }
  /// Until `wake`.
  void sleep(Thread &thread, const Wait &wait) {
    pause(thread);
    thread.wait = wait;
    --ready;
    thread.fiber.suspend();
  }
  void wake(Thread &thread);
  /// The same for lanes that their warp has waited for: while it runs, its
  /// stacks are in the caches.
  void wakeFirst(Thread &thread);
  /// Ends the launch. Does not return; `text` is all that is on the stack.
  [[noreturn]] void fault(Thread &thread, uint32_t site, std::string text);
  [[noreturn]] void leave(Thread &thread);

  /// Threads that have met: each knows what all did before.
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
  uint32_t live = 0, ready = 0; ///< threads that have not exited; can go on
  static constexpr uint32_t barrierCount = 16;
  Barrier barriers[barrierCount];
  Mapping shared; ///< the memory that the hardware could give at most
  SharedShadow shadow;
  Regions regions;
  Stamp time = 1;
  /// What atomic operations on an address let others know.
  std::map<uintptr_t, Clock> released;
  uint64_t lastAtomic = 0; ///< the launch's time of the last one

private:
  /// Mostly, nothing.
  void pause(Thread &thread) {
    if (thread.doubtful.address || schedule->kind() == Order::Random)
      beforePause(thread);
  }
  void beforePause(Thread &thread);
  void start(Thread &thread, Stacks &stacks);
  /// After a thread has exited, or the last one waits: whether the block has
  /// ended. Reports a deadlock.
  bool settle(Thread &thread, Stacks &stacks);
  void beginThreads();
  void beginWarps();
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_BLOCK_H
