/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The cpu as a device. Without a stream, everything is done at once on the
 * calling thread. It has no captures.
 */
#include "base/Failure.h"
#include "device/Rules.h"
#include "device/cpu/CpuMemory.h"
#include "device/cpu/CpuStream.h"

#include <algorithm>
#include <system_error>

using namespace moelora;

namespace {

/// Another thread may read it while it is recorded again.
struct CpuEvent {
  const MadeBeforeFork madeBeforeFork;
  std::mutex mutex;
  CpuMoment moment;

  CpuMoment get() {
    std::lock_guard<std::mutex> lock(mutex);
    return moment;
  }
  void set(CpuMoment later) {
    std::lock_guard<std::mutex> lock(mutex);
    std::swap(moment, later);
  }
};

template <typename T> T &usable(T *object, const char *what) {
  if (object->madeBeforeFork)
    fail(std::string("expects ") + what +
         " to be used by the process that made it, but this one was forked "
         "since");
  return *object;
}

CpuStream &cpuStream(moelora_stream *stream) {
  return usable(reinterpret_cast<CpuStream *>(stream), "a stream");
}
CpuEvent &cpuEvent(moelora_event *event) {
  checkThere(event, "an event");
  return usable(reinterpret_cast<CpuEvent *>(event), "an event");
}

/// Objects of another process are not touched.
template <typename T> void destroy(T *object) {
  if (object && !object->madeBeforeFork)
    delete object;
}

moelora_status allocate(void *, uint64_t bytes, void **memory,
                        moelora_error **error) {
  return guarded(error, [&] {
    checkResults(memory);
    *memory = allocateCpuMemory(bytes);
  });
}

void release(void *, void *memory, uint64_t bytes) {
  releaseCpuMemory(memory, bytes);
}

void ask(moelora_stream *stream, const CpuWork &work) {
  if (stream)
    cpuStream(stream).add(work);
  else
    runCpuWork(work, nullptr);
}

moelora_status copy(void *, moelora_stream *stream, void *to, const void *from,
                    uint64_t bytes, moelora_error **error) {
  return guarded(error, [&] {
    checkCopy(to, from, bytes);
    if (bytes)
      ask(stream, CpuCopy{to, from, bytes});
  });
}

moelora_status store(void *, moelora_stream *stream, uint64_t *to,
                     uint64_t value, moelora_error **error) {
  return guarded(error, [&] {
    checkStore(to);
    ask(stream, CpuStore{to, value});
  });
}

moelora_status streamCreate(void *, moelora_stream **stream,
                            moelora_error **error) {
  return guarded(error, [&] {
    checkResults(stream);
    try {
      *stream = reinterpret_cast<moelora_stream *>(new CpuStream);
    } catch (const std::system_error &refused) {
      fail(std::string("expects to start a thread for a stream, but ") +
               refused.what(),
           MOELORA_OUT_OF_MEMORY);
    }
  });
}

void streamDestroy(void *, moelora_stream *stream) {
  destroy(reinterpret_cast<CpuStream *>(stream));
}

moelora_status streamSynchronize(void *, moelora_stream *stream,
                                 moelora_error **error) {
  return guarded(error, [&] {
    if (stream)
      cpuStream(stream).now().await();
  });
}

moelora_status streamWait(void *, moelora_stream *stream, moelora_event *event,
                          moelora_error **error) {
  return guarded(error, [&] { ask(stream, cpuEvent(event).get()); });
}

moelora_status eventCreate(void *, moelora_event **event,
                           moelora_error **error) {
  return guarded(error, [&] {
    checkResults(event);
    *event = reinterpret_cast<moelora_event *>(new CpuEvent);
  });
}

void eventDestroy(void *, moelora_event *event) {
  destroy(reinterpret_cast<CpuEvent *>(event));
}

moelora_status eventRecord(void *, moelora_stream *stream, moelora_event *event,
                           moelora_error **error) {
  return guarded(error, [&] {
    cpuEvent(event).set(stream ? cpuStream(stream).now() : CpuMoment());
  });
}

moelora_status eventState(void *, moelora_event *event, int32_t *state,
                          moelora_error **error) {
  return guarded(error, [&] {
    checkResults(state);
    *state = cpuEvent(event).get().reached() ? MOELORA_EVENT_PASSED
                                             : MOELORA_EVENT_PENDING;
  });
}

moelora_status capture(void *, moelora_stream *, int32_t *state, uint64_t *id,
                       moelora_error **error) {
  return guarded(error, [&] {
    checkResults(state, id);
    *state = MOELORA_CAPTURE_NONE;
    *id = 0;
  });
}

int64_t valueOf(int32_t key) {
  switch (key) {
  case MOELORA_DEVICE_KIND:
    return MOELORA_DEVICE_KIND_CPU;
  case MOELORA_DEVICE_MULTIPROCESSORS:
    return std::max(1u, std::thread::hardware_concurrency());
  case MOELORA_DEVICE_ARCHITECTURE:
  case MOELORA_DEVICE_SHARED_BYTES:
  case MOELORA_DEVICE_ORDINAL:
    return 0;
  }
  failUnknownKey(key);
}

moelora_status query(void *, int32_t key, int64_t *value,
                     moelora_error **error) {
  return guarded(error, [&] {
    checkResults(value);
    *value = valueOf(key);
  });
}

/// A kernel of the cpu is its function, and so is the module that holds it.
moelora_status moduleLoad(void *, const moelora_binary *binary,
                          moelora_module **module, moelora_error **error) {
  return guarded(error, [&] {
    checkBinary(binary);
    checkResults(module);
    if (binary->kind != MOELORA_BINARY_HOST)
      refuseBinary(*binary, "the cpu");
    *module = static_cast<moelora_module *>(const_cast<void *>(binary->data));
  });
}

void moduleUnload(void *, moelora_module *) {}

moelora_status kernelGet(void *, moelora_module *module,
                         const moelora_kernel_info *info,
                         moelora_kernel **kernel, moelora_error **error) {
  return guarded(error, [&] {
    checkThere(module, "a module");
    checkKernelInfo(info);
    checkResults(kernel);
    *kernel = reinterpret_cast<moelora_kernel *>(module);
  });
}

moelora_status launch(void *, moelora_stream *stream,
                      const moelora_launch *launches, uint32_t count,
                      moelora_error **error) {
  return guarded(error, [&] {
    checkLaunches(launches, count);
    if (stream)
      cpuStream(stream).addLaunches(launches, count);
    else
      for (uint32_t i = 0; i < count; ++i)
        runCpuKernel(launches[i]);
  });
}

moelora_device makeCpu() {
  moelora_device device = {};
  device.size = sizeof device;
  device.version = MOELORA_DEVICE_VERSION;
  device.name = "cpu";
  device.host_visible = device.null_is_done = 1;
  device.granularity = systemPageBytes();
  device.allocate = device.allocate_host = allocate;
  device.release = device.release_host = release;
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
  device.module_load = moduleLoad;
  device.module_unload = moduleUnload;
  device.kernel_get = kernelGet;
  device.launch = launch;
  return device;
}

} // namespace

const moelora_device *moelora_device_cpu(void) {
  static const moelora_device device = makeCpu();
  return &device;
}
