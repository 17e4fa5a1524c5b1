/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread block: the beginning, waiting and end of its threads.
 */
#include "Block.h"

#include "Accesses.h"
#include "Calls.h"
#include "Deadlock.h"

#include <cstring>

using namespace moelora;
using namespace moelora::emulator;

/// The largest shared memory, with a page that cannot be read on both sides.
static constexpr uint64_t sharedMappingBytes = (256 << 10) + 2 * pageBytes;

void Block::begin(Launch &of, uint64_t block, Schedule &of_worker,
                  Counts &sums) {
  launch = &of;
  number = block;
  schedule = &of_worker;
  counts = &sums;
  if (!shared.begin()) {
    shared = Mapping(sharedMappingBytes, Mapping::None);
    shared.protect(pageBytes, sharedMappingBytes - 2 * pageBytes,
                   Mapping::ReadWrite);
  }
  std::memset(sharedBegin(), launch->options.fill, launch->shape.shared_bytes);
  if (launch->options.checks)
    shadow.reset(launch->shape.shared_bytes);
  regions.clear();
  released.clear();
  time = 1;
  lastAtomic = 0;
  for (Barrier &barrier : barriers)
    barrier.used = false;
  ++counts->blocks;
  counts->threads += launch->threads;
  beginWarps();
  beginThreads();
}

void Block::beginWarps() {
  warps.resize((launch->threads + warpLanes - 1) / warpLanes);
  for (uint32_t i = 0; i < warps.size(); ++i) {
    Warp &warp = warps[i];
    uint32_t lanes = std::min(launch->threads - i * warpLanes, warpLanes);
    warp.index = i;
    warp.live = ~0u >> (warpLanes - lanes);
    // Above the priorities of warps that fell behind.
    warp.priority = schedule->random().next() | uint64_t(1) << 63;
    std::fill(std::begin(warp.lanes), std::end(warp.lanes), nullptr);
    warp.meetings.clear();
    warp.banks.meet();
  }
}

static void runThread(void *argument) {
  auto &thread = *static_cast<Thread *>(argument);
  const Launch &launch = *thread.block->launch;
  launch.kernel.run(&thread, launch.shape.parameters);
  thread.block->leave(thread);
}

void Block::beginThreads() {
  uint32_t count = launch->threads;
  threads.resize(count);
  live = ready = count;
  Clock nothing;
  if (launch->options.checks)
    nothing = std::make_shared<const std::vector<Stamp>>(count, 0);
  const uint32_t (&sizes)[3] = launch->shape.block;
  for (uint32_t i = 0; i < count; ++i) {
    Thread &thread = threads[i];
    thread.calls = &calls();
    thread.block = this;
    thread.warp = &warps[i / warpLanes];
    thread.index = i;
    thread.lane = i % warpLanes;
    thread.warp->lanes[thread.lane] = &thread;
    thread.position[0] = i % sizes[0];
    thread.position[1] = i / sizes[0] % sizes[1];
    thread.position[2] = i / sizes[0] / sizes[1];
    thread.wait = Wait();
    thread.exited = false;
    thread.stamp = time;
    thread.clock = nothing;
    thread.released = thread.acquired = nullptr;
    thread.copies.clear();
    thread.doubtful.address = nullptr;
    thread.bankCursor = 0;
    schedule->add(thread);
  }
}

void Block::start(Thread &thread, Stacks &stacks) {
  thread.fiber.start(stacks.take(), runThread, &thread);
}

void Block::abandon(Stacks &stacks) {
  for (Thread &thread : threads)
    if (thread.fiber.started())
      stacks.give(thread.fiber.abandon());
}

bool Block::settle(Thread &thread, Stacks &stacks) {
  if (thread.exited) {
    stacks.give(thread.fiber.abandon());
    completeBarriers(*this);
  }
  if (ready)
    return false;
  if (live) {
    launch->fail(shownDeadlock(*this));
    return false;
  }
  for (Warp &warp : warps)
    counts->bankConflicts += warp.banks.meet();
  return true;
}

void Block::beforePause(Thread &thread) {
  settleStore(thread);
  thread.copies.moveSome(schedule->random());
}

void Block::wake(Thread &thread) {
  thread.wait = Wait();
  ++ready;
  schedule->add(thread);
}

void Block::wakeFirst(Thread &thread) {
  thread.wait = Wait();
  ++ready;
  schedule->addFirst(thread);
}

void Block::fault(Thread &thread, uint32_t site, std::string text) {
  launch->fail(threadName(thread) + ", " + siteName(site) + ": " +
               std::exchange(text, {}));
  for (;;)
    thread.fiber.suspend();
}

void Block::leave(Thread &thread) {
  if (!thread.copies.empty())
    fault(thread, thread.copies.oldest().site,
          "expects an asynchronous copy to be waited for before its thread "
          "exits, but it is not");
  settleStore(thread);
  thread.exited = true;
  thread.warp->live &= ~(1u << thread.lane);
  --live;
  --ready;
  for (;;)
    thread.fiber.suspend();
}

std::string Block::siteName(uint32_t site) const {
  if (site >= launch->kernel.sites)
    return "at site " + std::to_string(site) + ", which the kernel has not";
  const moelora_emulated_site &place = launch->kernel.site[site];
  std::string name = place.operation ? place.operation : "";
  if (place.place && *place.place)
    name += std::string(" at ") + place.place;
  return name;
}

std::string Block::name() const {
  return std::string("kernel ") + launch->kernel.name + ", block " +
         shownPosition(number, launch->shape.grid);
}

std::string Block::threadName(const Thread &thread) const {
  return name() + ", thread " +
         shownPosition(thread.index, launch->shape.block);
}
