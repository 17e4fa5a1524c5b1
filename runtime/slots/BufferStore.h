/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef MOELORA_RUNTIME_BUFFERSTORE_H
#define MOELORA_RUNTIME_BUFFERSTORE_H

#include "device/Handles.h"
#include "slots/SlotState.h"

namespace moelora {

/// The storage of adapters, by the numbers that the core uses for buffers.
class BufferStore {
public:
  BufferId add(DeviceMemory memory);
  DeviceMemory remove(BufferId buffer) noexcept;
  const DeviceMemory &at(BufferId buffer) const { return buffers[buffer - 1]; }
  uint64_t bytes() const { return total; }
  size_t count() const { return buffers.size() - unused.size(); }

private:
  std::vector<DeviceMemory> buffers;
  std::vector<BufferId> unused;
  uint64_t total = 0;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_BUFFERSTORE_H
