/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The emulator as a device of the runtime. Streams and events are those of the
 * cpu device, and copies, stores and launches are work on its streams. After a
 * fault of a kernel, the device is lost and accepts no work, as on a GPU.
 */
#ifndef MOELORA_EMULATOR_DEVICE_H
#define MOELORA_EMULATOR_DEVICE_H

#include "Machine.h"

#include "moelora/runtime/Device.h"

namespace moelora::emulator {

/// Opens a device. The caller closes it with its function `close`. Fails if the
/// options are wrong; see parseOptions.
const moelora_device *openDevice(const char *options);

struct Device {
  explicit Device(const Options &options);

  moelora_device functions = {};
  std::string name;
  Machine machine;
  const moelora_device &cpu;

  bool isLost() const { return lost; }
  /// Fails with the text of the first fault if there was one.
  void require() const;
  /// Ends the device with a fault. Any thread may call it.
  void lose(std::string why);

private:
  std::atomic<bool> lost{false};
  mutable std::mutex mutex;
  std::string fault;
};

/// Sets the functions of the device for streams, events, copies and stores.
void addStreamFunctions(moelora_device &device);
/// Sets the functions of the device for modules, kernels and launches.
void addKernelFunctions(moelora_device &device);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_DEVICE_H
