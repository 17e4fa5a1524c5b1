/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs thread blocks of a launch, one GPU thread at a time, on one thread of
 * the host.
 */
#ifndef MOELORA_EMULATOR_WORKER_H
#define MOELORA_EMULATOR_WORKER_H

#include "Block.h"

namespace moelora::emulator {

class Worker {
public:
  /// Runs thread blocks until none of the launch is left or the launch has
  /// failed. `number` is the number of the worker in the launch, from 0.
  void run(Launch &launch, uint64_t number);
  /// The counts of the last run.
  const Counts &counts() const { return sums; }

private:
  /// Begins thread blocks of the launch until enough of them take turns.
  void fill(Launch &launch, Schedule &schedule);
  void end(Block &block);

  Counts sums;
  Stacks stacks;
  std::vector<std::unique_ptr<Block>> running, idle;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_WORKER_H
