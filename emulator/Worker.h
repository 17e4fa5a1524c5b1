/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs thread blocks of a launch, one thread of the GPU at a time.
 */
#ifndef MOELORA_EMULATOR_WORKER_H
#define MOELORA_EMULATOR_WORKER_H

#include "Block.h"

namespace moelora::emulator {

class Worker {
public:
  /// Until no block of the launch is left, as its worker of this number. What
  /// it did is in counts().
  void run(Launch &launch, uint64_t number);
  const Counts &counts() const { return sums; }

private:
  /// Begins blocks while there are some, and room.
  void fill(Launch &launch, Schedule &schedule);
  void end(Block &block);

  Counts sums;
  Stacks stacks;
  std::vector<std::unique_ptr<Block>> running, idle;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_WORKER_H
