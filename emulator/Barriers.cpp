/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The barriers of a thread block. A warp has arrived when all of its lanes that
 * have not exited wait. A barrier with a number of threads is complete when
 * warps of as many threads have arrived. A barrier without a number is complete
 * when all warps that have not exited have arrived.
 */
#include "Barriers.h"

#include "Block.h"
#include "Calls.h"
#include "Meet.h"

using namespace moelora;
using namespace moelora::emulator;

namespace {

/// The reduction of bar.sync, which computes nothing.
constexpr uint32_t noReduction = UINT32_MAX;

struct Arrival {
  uint32_t number, threads, reduction, value, site;
};

uint32_t wholeThreads(const Block &block) {
  return block.warps.size() * warpLanes;
}

std::string wrongCount(const Block &block, uint32_t threads) {
  return "expects a barrier to be for a multiple of " +
         std::to_string(warpLanes) + " threads, at most the " +
         std::to_string(wholeThreads(block)) +
         " of the block's warps, but it is for " + std::to_string(threads);
}

void checkArrival(Thread &thread, const Arrival &arrival) {
  Block &block = *thread.block;
  if (arrival.number >= Block::barrierCount)
    block.fault(thread, arrival.site,
                "expects one of 16 barriers, but it is number " +
                    std::to_string(arrival.number));
  if (arrival.threads % warpLanes || arrival.threads > wholeThreads(block))
    block.fault(thread, arrival.site, wrongCount(block, arrival.threads));
}

std::string disagreement(const Barrier &barrier, const Arrival &arrival) {
  auto shown = [](uint32_t threads) {
    return threads ? std::to_string(threads) + " threads"
                   : std::string("all threads");
  };
  if (barrier.threads != arrival.threads)
    return "expects threads that meet at barrier " +
           std::to_string(arrival.number) +
           " to agree on its size, but one says " + shown(barrier.threads) +
           " and another one " + shown(arrival.threads);
  return "expects threads that meet at barrier " +
         std::to_string(arrival.number) +
         " to agree on what it computes, but they do not";
}

std::string otherBarrier(const Thread &first) {
  return "expects all lanes of a warp to execute the same barrier, but lane " +
         std::to_string(first.lane) + " waits in " +
         first.block->siteName(first.wait.site);
}

/// Lanes of a warp must execute the same instruction.
void checkWarp(Thread &thread, const Barrier &barrier, const Arrival &arrival) {
  uint32_t waiting = barrier.waiting[thread.warp->index];
  if (!waiting)
    return;
  const Thread &first = *thread.warp->lanes[__builtin_ctz(waiting)];
  if (first.wait.site != arrival.site)
    thread.block->fault(thread, arrival.site, otherBarrier(first));
}

Barrier &join(Thread &thread, const Arrival &arrival) {
  Block &block = *thread.block;
  Barrier &barrier = block.barriers[arrival.number];
  if (!barrier.used) {
    barrier.used = true;
    barrier.threads = arrival.threads;
    barrier.reduction = arrival.reduction;
    barrier.waiting.assign(block.warps.size(), 0);
    barrier.holds.assign(block.warps.size(), 0);
  } else if (barrier.threads != arrival.threads ||
             barrier.reduction != arrival.reduction) {
    block.fault(thread, arrival.site, disagreement(barrier, arrival));
  }
  checkWarp(thread, barrier, arrival);
  uint32_t bit = 1u << thread.lane;
  barrier.waiting[thread.warp->index] |= bit;
  if (arrival.value)
    barrier.holds[thread.warp->index] |= bit;
  return barrier;
}

bool isComplete(const Block &block, const Barrier &barrier) {
  uint32_t arrived = 0, expected = 0;
  for (const Warp &warp : block.warps) {
    uint32_t waiting = barrier.waiting[warp.index];
    arrived += waiting && waiting == warp.live;
    expected += warp.live != 0;
  }
  return barrier.threads ? arrived * warpLanes >= barrier.threads
                         : arrived == expected;
}

template <typename Visit>
void eachWaiting(Block &block, const Barrier &barrier, Visit visit) {
  for (Warp &warp : block.warps) {
    uint32_t waiting = barrier.waiting[warp.index];
    if (waiting != warp.live)
      continue; // the warp has not arrived
    for (; waiting; waiting &= waiting - 1)
      visit(*warp.lanes[__builtin_ctz(waiting)]);
  }
}

uint32_t reduced(Block &block, const Barrier &barrier) {
  uint32_t holds = 0, all = 0;
  eachWaiting(block, barrier, [&](const Thread &thread) {
    holds += barrier.holds[thread.warp->index] >> thread.lane & 1;
    ++all;
  });
  switch (barrier.reduction) {
  case MOELORA_EMULATOR_REDUCE_AND:
    return holds == all;
  case MOELORA_EMULATOR_REDUCE_OR:
    return holds != 0;
  default:
    return holds;
  }
}

/// Completes a barrier and wakes its threads. `last` is the thread that runs
/// and need not be woken, or NULL.
void complete(Block &block, Barrier &barrier, const Thread *last) {
  ++block.counts->barriers;
  uint32_t result = reduced(block, barrier);
  block.order([&](auto visit) { eachWaiting(block, barrier, visit); });
  eachWaiting(block, barrier, [&](Thread &thread) {
    thread.result = result;
    if (&thread != last)
      block.wake(thread);
  });
  for (Warp &warp : block.warps)
    if (barrier.waiting[warp.index] == warp.live)
      meetBanks(block, warp);
  barrier.used = false;
}

uint32_t arrive(moelora_emulator_thread *caller, const Arrival &arrival) {
  Thread &thread = threadOf(caller);
  Block &block = *thread.block;
  checkArrival(thread, arrival);
  Barrier &barrier = join(thread, arrival);
  if (!isComplete(block, barrier)) {
    block.sleep(thread, {Wait::Barrier, arrival.site, arrival.number});
    return thread.result;
  }
  complete(block, barrier, &thread);
  uint32_t result = thread.result;
  if (block.schedule->interrupts())
    block.giveWay(thread);
  return result;
}

void barrier(moelora_emulator_thread *caller, uint32_t number, uint32_t threads,
             uint32_t site) {
  arrive(caller, {number, threads, noReduction, 0, site});
}

uint32_t barrierReduce(moelora_emulator_thread *caller, uint32_t number,
                       uint32_t threads, uint32_t reduction, uint32_t value,
                       uint32_t site) {
  if (reduction != MOELORA_EMULATOR_REDUCE_AND &&
      reduction != MOELORA_EMULATOR_REDUCE_OR &&
      reduction != MOELORA_EMULATOR_REDUCE_COUNT) {
    Thread &thread = threadOf(caller);
    thread.block->fault(thread, site,
                        "expects a barrier to compute AND, OR or COUNT, but it "
                        "is asked for reduction " +
                            std::to_string(reduction));
  }
  return arrive(caller, {number, threads, reduction, value, site});
}

} // namespace

void emulator::completeBarriers(Block &block) {
  for (Barrier &barrier : block.barriers)
    if (barrier.used && isComplete(block, barrier)) {
      bool waited = false;
      eachWaiting(block, barrier, [&](const Thread &) { waited = true; });
      if (waited)
        complete(block, barrier, nullptr);
    }
}

void emulator::addBarrierCalls(moelora_emulator_calls &calls) {
  calls.barrier = barrier;
  calls.barrier_reduce = barrierReduce;
}
