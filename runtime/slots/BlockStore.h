/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef MOELORA_RUNTIME_BLOCKSTORE_H
#define MOELORA_RUNTIME_BLOCKSTORE_H

#include "device/Handles.h"
#include "slots/SlotState.h"

namespace moelora {

/// The storage of adapters, by the names that the core knows it by.
class BlockStore {
public:
  BlockId add(DeviceMemory memory);
  DeviceMemory remove(BlockId block) noexcept;
  const DeviceMemory &at(BlockId block) const { return blocks[block - 1]; }
  uint64_t bytes() const { return total; }
  size_t count() const { return blocks.size() - unused.size(); }

private:
  std::vector<DeviceMemory> blocks;
  std::vector<BlockId> unused;
  uint64_t total = 0;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_BLOCKSTORE_H
