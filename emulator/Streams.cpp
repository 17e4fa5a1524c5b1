/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of the device for streams, events, copies and stores.
 */
#include "Guard.h"

#include "device/Rules.h"

using namespace moelora;
using namespace moelora::emulator;

namespace {

/// Work on a stream. The cpu device runs it as a launch of a host kernel, whose
/// parameter is a pointer to this struct.
struct Pending {
  Device &device;
  Work work;
};

void runPending(const moelora_launch *launch) {
  std::unique_ptr<Pending> pending(
      *static_cast<Pending *const *>(launch->parameters));
  if (pending->device.isLost())
    return;
  try {
    pending->work();
  } catch (const Failure &failure) {
    pending->device.lose(failure.text);
  } catch (const std::bad_alloc &) {
    pending->device.lose("the emulator has run out of memory");
  }
}

moelora_status copy(void *context, moelora_stream *stream, void *to,
                    const void *from, uint64_t bytes, moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkCopy(to, from, bytes);
    device.machine.checkCopy(to, from, bytes);
    if (bytes)
      enqueue(device, stream,
              {[=, &device] { device.machine.copy(to, from, bytes); }});
  });
}

moelora_status store(void *context, moelora_stream *stream, uint64_t *to,
                     uint64_t value, moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkStore(to);
    device.machine.checkStore(to);
    enqueue(device, stream,
            {[=, &device] { device.machine.store(to, value); }});
  });
}

moelora_status streamCreate(void *context, moelora_stream **stream,
                            moelora_error **error) {
  return use(context, error, [&](Device &device) {
    askCpu(device, &moelora_device::stream_create, stream);
  });
}

void streamDestroy(void *context, moelora_stream *stream) {
  const moelora_device &cpu = deviceOf(context).cpu;
  cpu.stream_destroy(cpu.context, stream);
}

moelora_status streamSynchronize(void *context, moelora_stream *stream,
                                 moelora_error **error) {
  return use(context, error, [&](Device &device) {
    askCpu(device, &moelora_device::stream_synchronize, stream);
    device.require();
  });
}

moelora_status streamWait(void *context, moelora_stream *stream,
                          moelora_event *event, moelora_error **error) {
  return use(context, error, [&](Device &device) {
    askCpu(device, &moelora_device::stream_wait, stream, event);
  });
}

moelora_status eventCreate(void *context, moelora_event **event,
                           moelora_error **error) {
  return use(context, error, [&](Device &device) {
    askCpu(device, &moelora_device::event_create, event);
  });
}

void eventDestroy(void *context, moelora_event *event) {
  const moelora_device &cpu = deviceOf(context).cpu;
  cpu.event_destroy(cpu.context, event);
}

moelora_status eventRecord(void *context, moelora_stream *stream,
                           moelora_event *event, moelora_error **error) {
  return use(context, error, [&](Device &device) {
    askCpu(device, &moelora_device::event_record, stream, event);
  });
}

moelora_status eventState(void *context, moelora_event *event, int32_t *state,
                          moelora_error **error) {
  return answer(error, [&] {
    Device &device = deviceOf(context);
    askCpu(device, &moelora_device::event_state, event, state);
    if (device.isLost())
      *state = MOELORA_EVENT_FAILED;
  });
}

moelora_status capture(void *context, moelora_stream *stream, int32_t *state,
                       uint64_t *id, moelora_error **error) {
  return answer(error, [&] {
    askCpu(deviceOf(context), &moelora_device::capture, stream, state, id);
  });
}

} // namespace

void emulator::enqueue(Device &device, moelora_stream *stream,
                       std::vector<Work> works) {
  std::vector<std::unique_ptr<Pending>> pending;
  std::vector<Pending *> parameters;
  std::vector<moelora_launch> launches(works.size());
  for (Work &work : works) {
    pending.push_back(
        std::make_unique<Pending>(Pending{device, std::move(work)}));
    parameters.push_back(pending.back().get());
  }
  for (size_t i = 0; i < works.size(); ++i) {
    moelora_launch &launch = launches[i];
    for (int axis = 0; axis < 3; ++axis)
      launch.grid[axis] = launch.block[axis] = 1;
    launch.kernel = reinterpret_cast<const moelora_kernel *>(runPending);
    launch.parameters = &parameters[i];
    launch.parameter_bytes = sizeof(Pending *);
  }
  askCpu(device, &moelora_device::launch, stream,
         static_cast<const moelora_launch *>(launches.data()),
         static_cast<uint32_t>(launches.size()));
  // runPending deletes them.
  for (std::unique_ptr<Pending> &taken : pending) [[maybe_unused]]
    Pending *asked = taken.release();
  // Without a stream, the work has run, and the call reports its failure. On a
  // stream, the call succeeds, and a later call reports the failure.
  if (!stream)
    device.require();
}

void emulator::addStreamFunctions(moelora_device &device) {
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
}
