// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Device.h"

#include <utility>

using namespace moelora::host;

DeviceHandle moelora::host::openDevice(const std::string &name) {
  const moelora_device *device = nullptr;
  call(moelora_device_open, name.c_str(), &device);
  return DeviceHandle(device);
}

void moelora::host::finish(const moelora_device &device) {
  moelora_stream *none = nullptr;
  call(device.stream_synchronize, device.context, none);
}

OnDevice::OnDevice(const moelora_device &device, void *host, uint64_t bytes)
    : device(&device), host(host), address(host), bytes(bytes) {
  if (!device.host_visible && host)
    call(device.allocate, device.context, bytes, &address);
}

OnDevice &OnDevice::operator=(OnDevice &&other) noexcept {
  std::swap(device, other.device);
  std::swap(host, other.host);
  std::swap(address, other.address);
  std::swap(bytes, other.bytes);
  return *this;
}

OnDevice::~OnDevice() {
  if (isCopy())
    device->release(device->context, address, bytes);
}

void OnDevice::toDevice() const { copy(address, host); }
void OnDevice::toHost() const { copy(host, address); }

void OnDevice::copy(void *to, const void *from) const {
  if (!isCopy())
    return;
  moelora_stream *none = nullptr;
  call(device->copy, device->context, none, to, from, bytes);
  finish(*device);
}
