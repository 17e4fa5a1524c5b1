/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The cpu as a device. Without a stream, everything is done at once on the
 * calling thread.
 */
#include "base/Failure.h"
#include "device/Rules.h"
#include "device/cpu/CpuMemory.h"
#include "device/cpu/CpuStream.h"

#include <system_error>

using namespace moelora;

namespace {

/// Another thread may look at it while it is recorded again.
struct CpuEvent {
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

CpuStream *cpuStream(moelora_stream *stream) {
  return reinterpret_cast<CpuStream *>(stream);
}
CpuEvent *cpuEvent(moelora_event *event) {
  return reinterpret_cast<CpuEvent *>(event);
}

moelora_status allocate(void *, uint64_t bytes, void **memory,
                        moelora_error **error) {
  return guarded(error, [&] { *memory = allocateCpuMemory(bytes); });
}

void release(void *, void *memory, uint64_t bytes) {
  releaseCpuMemory(memory, bytes);
}

void ask(moelora_stream *stream, const CpuWork &work) {
  if (stream)
    cpuStream(stream)->add(work);
  else
    runCpuWork(work, nullptr);
}

moelora_status copy(void *, moelora_stream *stream, void *to, const void *from,
                    uint64_t bytes, moelora_error **error) {
  return guarded(error, [&] {
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
    try {
      *stream = reinterpret_cast<moelora_stream *>(new CpuStream);
    } catch (const std::system_error &refused) {
      fail(std::string("expects to start a thread for a stream, but ") +
               refused.what(),
           MOELORA_OUT_OF_MEMORY);
    }
  });
}

void streamDestroy(void *, moelora_stream *stream) { delete cpuStream(stream); }

moelora_status streamSynchronize(void *, moelora_stream *stream,
                                 moelora_error **error) {
  return guarded(error, [&] {
    if (stream)
      cpuStream(stream)->now().await();
  });
}

moelora_status streamWait(void *, moelora_stream *stream, moelora_event *event,
                          moelora_error **error) {
  return guarded(error, [&] { ask(stream, cpuEvent(event)->get()); });
}

moelora_status eventCreate(void *, moelora_event **event,
                           moelora_error **error) {
  return guarded(
      error, [&] { *event = reinterpret_cast<moelora_event *>(new CpuEvent); });
}

void eventDestroy(void *, moelora_event *event) { delete cpuEvent(event); }

moelora_status eventRecord(void *, moelora_stream *stream, moelora_event *event,
                           moelora_error **error) {
  return guarded(error, [&] {
    cpuEvent(event)->set(stream ? cpuStream(stream)->now() : CpuMoment());
  });
}

moelora_status eventQuery(void *, moelora_event *event, int32_t *passed,
                          moelora_error **error) {
  return guarded(error, [&] { *passed = cpuEvent(event)->get().reached(); });
}

moelora_status kernelLoad(void *, const void *image, uint64_t bytes,
                          const char *, moelora_kernel **kernel,
                          moelora_error **error) {
  return guarded(error, [&] {
    if (!image || bytes)
      fail("expects a kernel of the cpu to be the address of a "
           "moelora_host_kernel and 0 bytes long, but it is " +
           std::string(image ? "" : "NULL and ") + std::to_string(bytes) +
           " bytes long");
    *kernel = static_cast<moelora_kernel *>(const_cast<void *>(image));
  });
}

void kernelUnload(void *, moelora_kernel *) {}

moelora_status launch(void *, moelora_stream *stream,
                      const moelora_launch *launch, moelora_error **error) {
  return guarded(error, [&] {
    checkLaunch(*launch);
    if (stream)
      cpuStream(stream)->addLaunch(*launch);
    else
      runCpuKernel(*launch);
  });
}

} // namespace

const moelora_device *moelora_device_cpu(void) {
  static const moelora_device device = {
      sizeof(moelora_device),
      MOELORA_DEVICE_VERSION,
      nullptr,
      "cpu",
      /*host_visible=*/1,
      /*null_is_done=*/1,
      systemPageBytes(),
      allocate,
      release,
      allocate,
      release,
      copy,
      store,
      streamCreate,
      streamDestroy,
      streamSynchronize,
      streamWait,
      eventCreate,
      eventDestroy,
      eventRecord,
      eventQuery,
      kernelLoad,
      kernelUnload,
      launch,
  };
  return &device;
}
