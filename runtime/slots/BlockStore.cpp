/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/BlockStore.h"

using namespace moelora;

BlockId BlockStore::add(DeviceMemory memory) {
  if (unused.empty()) {
    unused.reserve(blocks.size() + 1); // remove must not allocate
    blocks.emplace_back();
    unused.push_back(static_cast<BlockId>(blocks.size()));
  }
  BlockId block = unused.back();
  unused.pop_back();
  total += memory.size();
  blocks[block - 1] = std::move(memory);
  return block;
}

DeviceMemory BlockStore::remove(BlockId block) noexcept {
  DeviceMemory memory = std::move(blocks[block - 1]);
  blocks[block - 1] = DeviceMemory();
  total -= memory.size();
  unused.push_back(block);
  return memory;
}
