/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The emulator as a device of the runtime. Streams, events and pinned order are
 * those of the cpu device; copies, stores and launches are work on its streams.
 * A fault of a kernel is the end of the device, as on a GPU.
 */
#ifndef MOELORA_EMULATOR_DEVICE_H
#define MOELORA_EMULATOR_DEVICE_H

#include "Machine.h"

#include "moelora/runtime/Device.h"

namespace moelora::emulator {

/// Closed by its own `close`. Fails where the options are not good.
const moelora_device *openDevice(const char *options);

struct Device {
  explicit Device(const Options &options);

  moelora_device functions = {};
  std::string name;
  Machine machine;
  const moelora_device &cpu;

  bool isLost() const { return lost; }
  /// Fails where a kernel has ended the device.
  void require() const;
  void lose(std::string why);

private:
  std::atomic<bool> lost{false};
  mutable std::mutex mutex;
  std::string fault;
};

/// Functions of the device that have to do with work on streams, and with
/// kernels.
void addStreamFunctions(moelora_device &device);
void addKernelFunctions(moelora_device &device);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_DEVICE_H
