/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The services of generated code that launches kernels, and the statuses that
 * generated code returns.
 */
#ifndef MOELORA_RUNTIME_RUN_LAUNCH_H
#define MOELORA_RUNTIME_RUN_LAUNCH_H

#include "device/Handles.h"
#include "moelora/runtime/Abi.h"

namespace moelora {

/// Launches kernels of generated code on a device.
class Launcher {
public:
  Launcher(const moelora_device &device, const moelora_services &host)
      : device(device), host(host) {}
  Launcher(const Launcher &) = delete;

  /// The services of the host and the launch service. Their context is this
  /// object.
  moelora_services services();

private:
  static int32_t launch(void *context, moelora_stream *stream,
                        const moelora_launch *launches, uint32_t count);
  static void forwardParallelFor(void *context, int64_t tasks,
                                 moelora_task task, void *frame);
  static int32_t forwardCollective(void *context, moelora_stream *stream,
                                   const moelora_exchange *exchange);

  const moelora_device &device;
  const moelora_services host;
};

/// Completes "the compiled layer ..." for a moelora_run_status.
const char *reasonOf(int32_t status);

/// Fails unless the moelora_run_status is OK. If a launch failed, the error is
/// that of the device, for the last launch that failed on this thread.
void expectRun(int32_t status);

} // namespace moelora

#endif // MOELORA_RUNTIME_RUN_LAUNCH_H
