// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Devices, and data in their memory.
#ifndef MOELORA_HOST_DEVICE_H
#define MOELORA_HOST_DEVICE_H

#include "moelora/host/Handles.h"

namespace moelora::host {

inline void closeDevice(const moelora_device *device) {
  moelora_device_close(device, nullptr);
}
using DeviceHandle = Handle<const moelora_device, closeDevice>;

/// Opens a device by its name, such as "cpu". Throws an Error.
DeviceHandle openDevice(const std::string &name);

/// Waits for all work on stream NULL.
void finish(const moelora_device &device);

/// Data of the host at an address at which a device reads and writes it. If the
/// host reads the memory of the device, this is the data itself. Otherwise it
/// is a copy in the memory of the device.
class OnDevice {
public:
  OnDevice() = default;
  /// Copies nothing. `host` must outlive the object. NULL stays NULL.
  OnDevice(const moelora_device &device, void *host, uint64_t bytes);
  OnDevice(OnDevice &&other) noexcept { *this = std::move(other); }
  OnDevice &operator=(OnDevice &&other) noexcept;
  ~OnDevice();

  template <typename T = void> T *get() const {
    return static_cast<T *>(address);
  }
  /// Copy the data, after the work on stream NULL.
  void toDevice() const;
  void toHost() const;

private:
  bool isCopy() const { return address != host; }
  void copy(void *to, const void *from) const;

  const moelora_device *device = nullptr;
  void *host = nullptr, *address = nullptr;
  uint64_t bytes = 0;
};

} // namespace moelora::host

#endif // MOELORA_HOST_DEVICE_H
