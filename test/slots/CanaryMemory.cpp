/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CanaryMemory.h"

#include <stdexcept>

using namespace moelora::test;

namespace {

void must(moelora_status status) {
  if (status != MOELORA_OK)
    throw std::runtime_error("expects the device not to fail");
}

} // namespace

bool moelora::test::runsHostKernels(const moelora_device &device) {
  int64_t kind = 0;
  must(device.query(device.context, MOELORA_DEVICE_KIND, &kind, nullptr));
  return kind != MOELORA_DEVICE_KIND_EMULATOR &&
         kind != MOELORA_DEVICE_KIND_CUDA;
}

CanaryMemory::CanaryMemory(const moelora_device &device, void *host,
                           uint64_t bytes)
    : device(device), host(host), address(host), bytes(bytes) {
  if (!runsHostKernels(device))
    must(device.allocate(device.context, bytes, &address, nullptr));
}

CanaryMemory::~CanaryMemory() {
  if (address != host)
    device.release(device.context, address, bytes);
}

void CanaryMemory::copy(moelora_stream *stream, void *to,
                        const void *from) const {
  if (to != from)
    must(device.copy(device.context, stream, to, from, bytes, nullptr));
}
