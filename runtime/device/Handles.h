/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Owners of a device's memory, streams and events, and calls of its functions
 * that throw errors. The device must outlive all of them.
 */
#ifndef MOELORA_DEVICE_HANDLES_H
#define MOELORA_DEVICE_HANDLES_H

#include "base/Failure.h"
#include "moelora/runtime/Device.h"

#include <memory>

namespace moelora {

/// Throws the error of a function of the C interface, and frees it.
[[noreturn]] inline void failWith(moelora_status status, moelora_error *error) {
  std::unique_ptr<moelora_error, decltype(&moelora_error_free)> owned(
      error, moelora_error_free);
  fail(moelora_error_text(error), status);
}

/// `call(device, &moelora_device::copy, stream, to, from, bytes)`.
template <typename Function, typename... Arguments>
void call(const moelora_device &device, Function moelora_device::*function,
          Arguments... arguments) {
  moelora_error *error = nullptr;
  moelora_status status =
      (device.*function)(device.context, arguments..., &error);
  if (status != MOELORA_OK)
    failWith(status, error);
}

/// Memory of the device, or memory of the host from which copies are fastest.
/// Empty if constructed without arguments.
class DeviceMemory {
public:
  enum Place { OnDevice, OnHost };

  DeviceMemory() = default;
  DeviceMemory(const moelora_device &device, uint64_t bytes,
               Place place = OnDevice)
      : device(&device), bytes(bytes), place(place) {
    call(device,
         place == OnHost ? &moelora_device::allocate_host
                         : &moelora_device::allocate,
         bytes, &memory);
  }
  DeviceMemory(DeviceMemory &&other) noexcept { swap(other); }
  DeviceMemory &operator=(DeviceMemory &&other) noexcept {
    DeviceMemory taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~DeviceMemory() {
    if (memory)
      (place == OnHost ? device->release_host
                       : device->release)(device->context, memory, bytes);
  }

  char *data() const { return static_cast<char *>(memory); }
  uint64_t size() const { return bytes; }
  explicit operator bool() const { return memory; }

private:
  void swap(DeviceMemory &other) noexcept {
    std::swap(device, other.device);
    std::swap(memory, other.memory);
    std::swap(bytes, other.bytes);
    std::swap(place, other.place);
  }

  const moelora_device *device = nullptr;
  void *memory = nullptr;
  uint64_t bytes = 0;
  Place place = OnDevice;
};

/// An object that a device creates with one function and destroys with another.
/// Empty if constructed without arguments.
template <typename T, auto Create, auto Destroy> class DeviceHandle {
public:
  DeviceHandle() = default;
  explicit DeviceHandle(const moelora_device &device) : device(&device) {
    call(device, Create, &handle);
  }
  DeviceHandle(DeviceHandle &&other) noexcept
      : device(other.device), handle(std::exchange(other.handle, nullptr)) {}
  DeviceHandle &operator=(DeviceHandle &&other) noexcept {
    std::swap(device, other.device);
    std::swap(handle, other.handle);
    return *this;
  }
  ~DeviceHandle() {
    if (handle)
      (device->*Destroy)(device->context, handle);
  }

  T *get() const { return handle; }
  explicit operator bool() const { return handle; }

private:
  const moelora_device *device = nullptr;
  T *handle = nullptr;
};

using Stream = DeviceHandle<moelora_stream, &moelora_device::stream_create,
                            &moelora_device::stream_destroy>;
using Event = DeviceHandle<moelora_event, &moelora_device::event_create,
                           &moelora_device::event_destroy>;

} // namespace moelora

#endif // MOELORA_DEVICE_HANDLES_H
