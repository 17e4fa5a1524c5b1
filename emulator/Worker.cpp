/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs thread blocks of a launch.
 */
#include "Worker.h"

#include <new>

using namespace moelora;
using namespace moelora::emulator;

/// The number of thread blocks that take turns. It is 1 in round robin, because
/// a block that runs alone ends sooner and its memory stays in the caches.
static uint32_t mostRunning(const Options &options) {
  return options.order == Order::RoundRobin ? 1 : options.multiprocessors;
}

void Worker::fill(Launch &launch, Schedule &schedule) {
  while (running.size() < mostRunning(launch.options)) {
    uint64_t next = launch.started++;
    if (next >= launch.blocks)
      return;
    if (idle.empty())
      idle.push_back(std::make_unique<Block>());
    running.push_back(std::move(idle.back()));
    idle.pop_back();
    running.back()->begin(launch, launch.blockAt(next), schedule, sums);
  }
}

void Worker::end(Block &block) {
  auto found =
      std::find_if(running.begin(), running.end(),
                   [&](const auto &other) { return other.get() == &block; });
  idle.push_back(std::move(*found));
  running.erase(found);
}

void Worker::run(Launch &launch, uint64_t number) {
  sums = Counts();
  uint64_t seed = Random::mixed(launch.options.seed) + launch.number;
  // The adversarial order depends on the last bit of the seed of the schedule,
  // which is that of the option.
  Schedule schedule(launch.options.order, Random::mixed(seed + number) << 1 |
                                              (launch.options.seed & 1));
  try {
    fill(launch, schedule);
    while (Thread *thread = launch.failed.load(std::memory_order_relaxed)
                                ? nullptr
                                : schedule.next()) {
      Block &block = *thread->block;
      if (block.run(*thread, stacks)) {
        end(block);
        fill(launch, schedule);
      }
    }
  } catch (const std::bad_alloc &) {
    launch.fail("the emulator has run out of memory");
  }
  for (std::unique_ptr<Block> &block : running) {
    block->abandon(stacks);
    idle.push_back(std::move(block));
  }
  running.clear();
}
