/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/BufferStore.h"

using namespace moelora;

BufferId BufferStore::add(DeviceMemory memory) {
  if (unused.empty()) {
    unused.reserve(buffers.size() + 1); // remove must not allocate
    buffers.emplace_back();
    unused.push_back(static_cast<BufferId>(buffers.size()));
  }
  BufferId buffer = unused.back();
  unused.pop_back();
  total += memory.size();
  buffers[buffer - 1] = std::move(memory);
  return buffer;
}

DeviceMemory BufferStore::remove(BufferId buffer) noexcept {
  DeviceMemory memory = std::move(buffers[buffer - 1]);
  buffers[buffer - 1] = DeviceMemory();
  total -= memory.size();
  unused.push_back(buffer);
  return memory;
}
