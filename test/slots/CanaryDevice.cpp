/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CanaryDevice.h"

#include <algorithm>
#include <cstring>

using namespace moelora::test;

namespace {

/// The number of allocations, of about 100 KB each.
constexpr size_t quarantineLength = 512;
/// Two of them are a NaN of bf16, four one of f32.
constexpr int nanByte = 0xff;

const moelora_device &cpu() { return *moelora_device_cpu(); }

moelora_status alwaysPassed(void *, moelora_event *, int32_t *state,
                            moelora_error **) {
  *state = MOELORA_EVENT_PASSED;
  return MOELORA_OK;
}

/// A function of the cpu, with the cpu's own context.
template <auto Member, typename Result, typename... Arguments>
Result forward(void *, Arguments... arguments) {
  return (cpu().*Member)(cpu().context, arguments...);
}

} // namespace

CanaryDevice::CanaryDevice(bool eventsPass) : device(cpu()) {
  using D = moelora_device;
  device.context = this;
  device.allocate = device.allocate_host = allocate;
  device.release = device.release_host = release;
  device.copy = forward<&D::copy>;
  device.store = forward<&D::store>;
  device.stream_create = forward<&D::stream_create>;
  device.stream_destroy = forward<&D::stream_destroy>;
  device.stream_synchronize = forward<&D::stream_synchronize>;
  device.stream_wait = forward<&D::stream_wait>;
  device.event_create = forward<&D::event_create>;
  device.event_destroy = forward<&D::event_destroy>;
  device.event_record = forward<&D::event_record>;
  device.event_state = forward<&D::event_state>;
  if (eventsPass)
    device.event_state = alwaysPassed;
  device.capture = forward<&D::capture>;
  device.query = forward<&D::query>;
  device.module_load = forward<&D::module_load>;
  device.module_unload = forward<&D::module_unload>;
  device.kernel_get = forward<&D::kernel_get>;
  device.launch = forward<&D::launch>;
}

CanaryDevice::~CanaryDevice() {
  for (const Released &released : quarantine)
    cpu().release(cpu().context, released.memory, released.bytes);
}

moelora_status CanaryDevice::allocate(void *context, uint64_t bytes,
                                      void **memory, moelora_error **error) {
  moelora_status status = cpu().allocate(cpu().context, bytes, memory, error);
  if (status != MOELORA_OK)
    return status;
  ++static_cast<CanaryDevice *>(context)->count;
  std::memset(*memory, nanByte, bytes);
  return MOELORA_OK;
}

void CanaryDevice::release(void *context, void *memory, uint64_t bytes) {
  auto &self = *static_cast<CanaryDevice *>(context);
  if (!memory)
    return;
  uint64_t kept = std::min(self.front.load(), bytes);
  std::memset(static_cast<char *>(memory) + kept, nanByte, bytes - kept);
  --self.count;
  std::lock_guard<std::mutex> lock(self.mutex);
  self.quarantine.push_back({memory, bytes});
  if (self.quarantine.size() <= quarantineLength)
    return;
  Released oldest = self.quarantine.front();
  self.quarantine.pop_front();
  cpu().release(cpu().context, oldest.memory, oldest.bytes);
}
