/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of a CUDA device. Most of them only call the driver in the
 * device's context.
 */
#include "device/Openers.h"
#include "device/Rules.h"
#include "device/cuda/CudaDevice.h"

using namespace moelora;
using namespace moelora::cuda;

namespace {

Address addressOf(const void *memory) {
  return reinterpret_cast<uintptr_t>(memory);
}
EventHandle eventOf(moelora_event *event) {
  checkThere(event, "an event");
  return reinterpret_cast<EventHandle>(event);
}

moelora_status allocate(void *context, uint64_t bytes, void **memory,
                        moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &) {
    checkResults(memory);
    uint64_t size = roundedBytes(bytes, device.interface().granularity);
    *memory = reinterpret_cast<void *>(device.allocate(size));
  });
}

void release(void *context, void *memory, uint64_t) {
  finish(context, [&](Device &device, const Driver &) {
    if (memory)
      device.release(addressOf(memory));
  });
}

moelora_status allocateHost(void *context, uint64_t bytes, void **memory,
                            moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &driver) {
    checkResults(memory);
    uint64_t size = roundedBytes(bytes, device.interface().granularity);
    void *made = nullptr;
    driver.check(driver.hostAllocate(&made, size, HostPortable));
    *memory = made;
  });
}

void releaseHost(void *context, void *memory, uint64_t) {
  finish(context, [&](Device &, const Driver &driver) {
    if (memory)
      (void)driver.hostRelease(memory);
  });
}

moelora_status copy(void *context, moelora_stream *stream, void *to,
                    const void *from, uint64_t bytes, moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    checkCopy(to, from, bytes);
    if (bytes)
      driver.check(
          driver.copy(addressOf(to), addressOf(from), bytes, handleOf(stream)));
  });
}

moelora_status store(void *context, moelora_stream *stream, uint64_t *to,
                     uint64_t value, moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &) {
    checkStore(to);
    device.store(handleOf(stream), addressOf(to), value);
  });
}

moelora_status streamCreate(void *context, moelora_stream **stream,
                            moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    checkResults(stream);
    StreamHandle made = nullptr;
    driver.check(driver.streamCreate(&made, StreamNonBlocking));
    *stream = reinterpret_cast<moelora_stream *>(made);
  });
}

void streamDestroy(void *context, moelora_stream *stream) {
  finish(context, [&](Device &, const Driver &driver) {
    if (!stream)
      return;
    (void)driver.streamSynchronize(handleOf(stream));
    (void)driver.streamDestroy(handleOf(stream));
  });
}

moelora_status streamSynchronize(void *context, moelora_stream *stream,
                                 moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    driver.check(driver.streamSynchronize(handleOf(stream)));
  });
}

moelora_status streamWait(void *context, moelora_stream *stream,
                          moelora_event *event, moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    driver.check(driver.streamWait(handleOf(stream), eventOf(event), 0));
  });
}

moelora_status eventCreate(void *context, moelora_event **event,
                           moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    checkResults(event);
    EventHandle made = nullptr;
    driver.check(driver.eventCreate(&made, EventDisableTiming));
    *event = reinterpret_cast<moelora_event *>(made);
  });
}

void eventDestroy(void *context, moelora_event *event) {
  finish(context, [&](Device &, const Driver &driver) {
    if (event)
      (void)driver.eventDestroy(eventOf(event));
  });
}

moelora_status eventRecord(void *context, moelora_stream *stream,
                           moelora_event *event, moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    driver.check(driver.eventRecord(eventOf(event), handleOf(stream)));
  });
}

int32_t stateOf(const Driver &driver, Answer answer) {
  if (answer.result == Success)
    return MOELORA_EVENT_PASSED;
  if (answer.result == NotReady)
    return MOELORA_EVENT_PENDING;
  // An error of the caller, such as an event of a capture, does not determine
  // the state.
  if (statusOf(answer.result) == MOELORA_INVALID)
    driver.check(answer);
  return MOELORA_EVENT_FAILED;
}

moelora_status eventState(void *context, moelora_event *event, int32_t *state,
                          moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    checkResults(state);
    *state = stateOf(driver, driver.eventQuery(eventOf(event)));
  });
}

moelora_status capture(void *context, moelora_stream *stream, int32_t *state,
                       uint64_t *id, moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    checkResults(state, id);
    int status = CaptureNone;
    uint64_t number = 0;
    driver.check(driver.captureInfo(handleOf(stream), &status, &number));
    *state = status == CaptureNone     ? MOELORA_CAPTURE_NONE
             : status == CaptureActive ? MOELORA_CAPTURE_ACTIVE
                                       : MOELORA_CAPTURE_BROKEN;
    *id = status == CaptureNone ? 0 : number;
  });
}

int64_t valueOf(const Device::Facts &facts, int32_t key) {
  switch (key) {
  case MOELORA_DEVICE_KIND:
    return MOELORA_DEVICE_KIND_CUDA;
  case MOELORA_DEVICE_ARCHITECTURE:
    return facts.architecture;
  case MOELORA_DEVICE_MULTIPROCESSORS:
    return facts.multiprocessors;
  case MOELORA_DEVICE_SHARED_BYTES:
    return facts.sharedBytes;
  case MOELORA_DEVICE_ORDINAL:
    return facts.ordinal;
  }
  failUnknownKey(key);
}

moelora_status query(void *context, int32_t key, int64_t *value,
                     moelora_error **error) {
  return guarded(error, [&] {
    checkResults(value);
    *value = valueOf(Device::of(context).facts, key);
  });
}

void close(void *context) { delete &Device::of(context); }

} // namespace

moelora_device cuda::deviceFunctions() {
  moelora_device device = {};
  device.size = sizeof device;
  device.version = MOELORA_DEVICE_VERSION;
  device.allocate = allocate;
  device.release = release;
  device.allocate_host = allocateHost;
  device.release_host = releaseHost;
  device.copy = copy;
  device.store = store;
  device.stream_create = streamCreate;
  device.stream_destroy = streamDestroy;
  device.stream_synchronize = streamSynchronize;
  device.stream_wait = streamWait;
  device.event_create = eventCreate;
  device.event_destroy = eventDestroy;
  device.event_record = eventRecord;
  device.event_state = eventState;
  device.capture = capture;
  device.query = query;
  device.close = close;
  addKernelFunctions(device);
  return device;
}

const moelora_device *moelora::openCuda(int ordinal) {
  return &cuda::Device::open(ordinal).release()->interface();
}
