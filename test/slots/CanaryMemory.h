/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Arrays of the host, where kernels of a device reach them.
 */
#ifndef MOELORA_TEST_SLOTS_CANARYMEMORY_H
#define MOELORA_TEST_SLOTS_CANARYMEMORY_H

#include "moelora/runtime/Device.h"

#include <deque>
#include <vector>

namespace moelora::test {

/// Whether its kernels are functions of the host, which reach everything.
bool runsHostKernels(const moelora_device &device);

/// An array itself, or a copy in memory of the device. The array must keep its
/// size.
class CanaryMemory {
public:
  template <typename T>
  CanaryMemory(const moelora_device &device, std::vector<T> &array)
      : CanaryMemory(device, array.data(), array.size() * sizeof(T)) {}
  CanaryMemory(const moelora_device &device, void *host, uint64_t bytes);
  ~CanaryMemory();
  CanaryMemory(const CanaryMemory &) = delete;

  template <typename T = void> T *get() const {
    return static_cast<T *>(address);
  }
  /// Copy the array, in the order of a stream.
  void toDevice(moelora_stream *stream) const { copy(stream, address, host); }
  void toHost(moelora_stream *stream) const { copy(stream, host, address); }

private:
  void copy(moelora_stream *stream, void *to, const void *from) const;

  const moelora_device &device;
  void *host, *address;
  uint64_t bytes;
};

using CanaryMemories = std::deque<CanaryMemory>;

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYMEMORY_H
