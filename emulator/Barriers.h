/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The barriers of a thread block.
 */
#ifndef MOELORA_EMULATOR_BARRIERS_H
#define MOELORA_EMULATOR_BARRIERS_H

#include <cstdint>
#include <vector>

namespace moelora::emulator {

class Block;

/// The state of a barrier. The fields after `used` are valid while threads wait
/// at the barrier.
struct Barrier {
  bool used = false;
  uint32_t threads;              ///< that it waits for; 0: all
  uint32_t reduction;            ///< UINT32_MAX for bar.sync
  std::vector<uint32_t> waiting; ///< for each warp, the lanes that wait
  std::vector<uint32_t> holds;   ///< lanes whose value is not 0
};

/// Called after a lane has exited. Completes the barriers that have waited for
/// this lane only.
void completeBarriers(Block &block);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_BARRIERS_H
