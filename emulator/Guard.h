/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How functions of the device begin and end.
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

/// Calls `body` and returns what it fails with.
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

/// Calls `body(device)`, where a device that is lost does nothing.
template <typename Body>
moelora_status use(void *context, moelora_error **error, Body body) noexcept {
  return answer(error, [&] {
    Device &device = deviceOf(context);
    device.require();
    body(device);
  });
}

/// What a stream does in its turn. What fails is the end of the device.
using Work = std::function<void()>;
/// Lets a stream do all of it or, on a failure, nothing.
void enqueue(Device &device, moelora_stream *stream, std::vector<Work> works);

/// Asks the cpu, and fails where it does.
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
