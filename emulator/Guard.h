/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the functions of the device have in common: they check that the device
 * is not lost, and turn exceptions into statuses and error texts.
 */
#ifndef MOELORA_EMULATOR_GUARD_H
#define MOELORA_EMULATOR_GUARD_H

#include "Device.h"

#include "base/Failure.h"

#include <functional>

namespace moelora::emulator {

inline Device &deviceOf(void *context) {
  return *static_cast<Device *>(context);
}

/// Calls `body`. Returns MOELORA_OK, or the status and text of its failure.
template <typename Body>
moelora_status answer(moelora_error **error, Body body) noexcept {
  if (error)
    *error = nullptr;
  try {
    body();
    return MOELORA_OK;
  } catch (const Failure &failure) {
    return moelora_error_make(error, failure.status, failure.text.c_str());
  } catch (const std::bad_alloc &) {
    return moelora_error_make(error, MOELORA_OUT_OF_MEMORY,
                              "the emulated device is out of memory");
  }
}

/// Like `answer`, for `body(device)`. A device that is lost does not call it
/// and returns MOELORA_DEVICE_LOST.
template <typename Body>
moelora_status use(void *context, moelora_error **error, Body body) noexcept {
  return answer(error, [&] {
    Device &device = deviceOf(context);
    device.require();
    body(device);
  });
}

/// Work that a stream runs in order. A failure ends the device.
using Work = std::function<void()>;
/// Adds all of the work to a stream or, if it fails, none of it. Without a
/// stream (NULL), runs the work and fails if the device is lost after it.
void enqueue(Device &device, moelora_stream *stream, std::vector<Work> works);

/// Calls a function of the cpu device, and fails if it fails.
template <typename Function, typename... Values>
void askCpu(Device &device, Function function, Values... values) {
  moelora_error *error = nullptr;
  moelora_status status =
      (device.cpu.*function)(device.cpu.context, values..., &error);
  if (status == MOELORA_OK)
    return;
  Failure failure = {status, moelora_error_text(error)};
  moelora_error_free(error);
  throw failure;
}

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_GUARD_H
