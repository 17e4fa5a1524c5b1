/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "run/Launch.h"

#include <utility>

using namespace moelora;

namespace {

struct ErrorCloser {
  void operator()(moelora_error *error) const { moelora_error_free(error); }
};

/// The last launch of this thread that failed. The status that generated code
/// returns cannot contain the error of the device.
thread_local moelora_status failedStatus = MOELORA_OK;
thread_local std::unique_ptr<moelora_error, ErrorCloser> failedError;

[[noreturn]] void failAsLaunchDid() {
  moelora_status status = std::exchange(failedStatus, MOELORA_OK);
  if (status == MOELORA_OK)
    fail("the compiled layer states that a launch has failed, but none has");
  failWith(status, failedError.release());
}

} // namespace

void Launcher::forwardParallelFor(void *context, int64_t tasks,
                                  moelora_task task, void *frame) {
  const moelora_services &host = static_cast<Launcher *>(context)->host;
  host.parallel_for(host.context, tasks, task, frame);
}

int32_t Launcher::forwardCollective(void *context, moelora_stream *stream,
                                    const moelora_exchange *exchange) {
  const moelora_services &host = static_cast<Launcher *>(context)->host;
  return host.collective(host.context, stream, exchange);
}

int32_t Launcher::launch(void *context, moelora_stream *stream,
                         const moelora_launch *launches, uint32_t count) {
  const moelora_device &device = static_cast<Launcher *>(context)->device;
  moelora_error *error = nullptr;
  moelora_status status =
      device.launch(device.context, stream, launches, count, &error);
  if (status == MOELORA_OK)
    return 0;
  failedStatus = status;
  failedError.reset(error);
  return 1;
}

moelora_services Launcher::services() {
  moelora_services services = host;
  services.context = this;
  services.parallel_for = host.parallel_for ? forwardParallelFor : nullptr;
  services.collective = host.collective ? forwardCollective : nullptr;
  services.launch = launch;
  return services;
}

const char *moelora::reasonOf(int32_t status) {
  switch (status) {
  case MOELORA_RUN_MISSING_OPERAND:
    return "misses an operand";
  case MOELORA_RUN_SMALL_WORKSPACE:
    return "refuses the workspace as too small";
  case MOELORA_RUN_ABI_MISMATCH:
    return "has another version of the ABI";
  case MOELORA_RUN_DEVICE_FAILED:
    return "could not launch";
  case MOELORA_RUN_COLLECTIVE:
    return "could not exchange rows with its peer ranks";
  default:
    return "answers a status that is unknown";
  }
}

void moelora::expectRun(int32_t status) {
  if (status == MOELORA_RUN_OK)
    return;
  if (status == MOELORA_RUN_DEVICE_FAILED)
    failAsLaunchDid();
  fail(std::string("the compiled layer ") + reasonOf(status),
       status == MOELORA_RUN_ABI_MISMATCH ? MOELORA_UNSUPPORTED
       : status == MOELORA_RUN_COLLECTIVE ? MOELORA_PEER_LOST
                                          : MOELORA_INVALID);
}
