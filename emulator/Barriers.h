/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Barriers of a block.
 */
#ifndef MOELORA_EMULATOR_BARRIERS_H
#define MOELORA_EMULATOR_BARRIERS_H

#include <cstdint>
#include <vector>

namespace moelora::emulator {

class Block;

/// A barrier of a block while threads wait at it.
struct Barrier {
  bool used = false;
  uint32_t threads;              ///< that are to come; 0: all of the block
  uint32_t reduction;            ///< none for bar.sync
  std::vector<uint32_t> waiting; ///< lanes of each warp
  std::vector<uint32_t> holds;   ///< those whose value is not 0
};

/// After a lane has exited: barriers of the block wait for it no longer.
void completeBarriers(Block &block);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_BARRIERS_H
