/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of a CUDA device: each is little more than a call of the driver
 * within the device's context.
 */
#include "base/Failure.h"
#include "device/Openers.h"
#include "device/Rules.h"
#include "device/cuda/CudaDevice.h"

#include <atomic>
#include <mutex>

using namespace moelora;
using namespace moelora::cuda;

namespace {

struct Kernel {
  explicit Kernel(const Driver &driver) : driver(driver) {}
  ~Kernel() {
    if (module)
      (void)driver.moduleUnload(module);
  }

  const Driver &driver;
  ModuleHandle module = nullptr;
  FunctionHandle function = nullptr;
  std::mutex mutex; // held to raise the following
  std::atomic<uint32_t> sharedBytes{0};
};

Address addressOf(const void *memory) {
  return reinterpret_cast<uintptr_t>(memory);
}
StreamHandle handleOf(moelora_stream *stream) {
  return reinterpret_cast<StreamHandle>(stream);
}
EventHandle handleOf(moelora_event *event) {
  return reinterpret_cast<EventHandle>(event);
}

/// Runs `body(device, driver)`; what it throws is the answer.
template <typename Body>
moelora_status use(void *context, moelora_error **error, Body body) {
  return guarded(error, [&] {
    Device &device = Device::of(context);
    Within within(device);
    device.driver.check(within.entered());
    body(device, device.driver);
  });
}

/// The same for what takes back, which goes on whatever happens.
template <typename Body> void finish(void *context, Body body) {
  Device &device = Device::of(context);
  Within within(device);
  body(device, device.driver);
}

moelora_status allocate(void *context, uint64_t bytes, void **memory,
                        moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &) {
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
    driver.check(driver.streamWait(handleOf(stream), handleOf(event), 0));
  });
}

moelora_status eventCreate(void *context, moelora_event **event,
                           moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    EventHandle made = nullptr;
    driver.check(driver.eventCreate(&made, EventDisableTiming));
    *event = reinterpret_cast<moelora_event *>(made);
  });
}

void eventDestroy(void *context, moelora_event *event) {
  finish(context, [&](Device &, const Driver &driver) {
    if (event)
      (void)driver.eventDestroy(handleOf(event));
  });
}

moelora_status eventRecord(void *context, moelora_stream *stream,
                           moelora_event *event, moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    driver.check(driver.eventRecord(handleOf(event), handleOf(stream)));
  });
}

moelora_status eventQuery(void *context, moelora_event *event, int32_t *passed,
                          moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    Answer answer = driver.eventQuery(handleOf(event));
    if (answer.result != NotReady)
      driver.check(answer);
    *passed = answer.result == Success;
  });
}

moelora_status kernelLoad(void *context, const void *image, uint64_t bytes,
                          const char *name, moelora_kernel **kernel,
                          moelora_error **error) {
  return use(context, error, [&](Device &, const Driver &driver) {
    if (!image || !bytes)
      fail("expects a kernel of a CUDA device to be PTX or a cubin, but there "
           "are 0 bytes of it");
    auto made = std::make_unique<Kernel>(driver);
    // The driver reads PTX up to a zero byte.
    std::string text(static_cast<const char *>(image), bytes);
    driver.check(driver.moduleLoad(&made->module, text.c_str()));
    Answer found = driver.moduleFunction(&made->function, made->module, name);
    if (found.result == NotFound)
      fail("expects the image to hold the kernel \"" + std::string(name) +
               "\", but it does not",
           MOELORA_NOT_FOUND);
    driver.check(found);
    int shared = 0;
    driver.check(
        driver.functionGet(&shared, MostDynamicSharedBytes, made->function));
    made->sharedBytes = static_cast<uint32_t>(shared);
    *kernel = reinterpret_cast<moelora_kernel *>(made.release());
  });
}

void kernelUnload(void *context, moelora_kernel *kernel) {
  finish(context, [&](Device &, const Driver &) {
    delete reinterpret_cast<Kernel *>(kernel);
  });
}

/// A kernel gets as much shared memory as its largest launch has asked for.
void raiseSharedBytes(Kernel &kernel, uint32_t bytes, uint32_t most) {
  if (bytes <= kernel.sharedBytes)
    return;
  if (bytes > most)
    fail("expects a block to have at most the " + std::to_string(most) +
         " bytes of shared memory of the device, but the launch asks for " +
         std::to_string(bytes));
  std::lock_guard<std::mutex> lock(kernel.mutex);
  if (bytes <= kernel.sharedBytes)
    return;
  kernel.driver.check(kernel.driver.functionSet(
      kernel.function, MostDynamicSharedBytes, static_cast<int>(bytes)));
  kernel.sharedBytes = bytes;
}

moelora_status launch(void *context, moelora_stream *stream,
                      const moelora_launch *launch, moelora_error **error) {
  return use(context, error, [&](Device &device, const Driver &driver) {
    checkLaunch(*launch);
    auto &kernel = *reinterpret_cast<Kernel *>(
        const_cast<moelora_kernel *>(launch->kernel));
    raiseSharedBytes(kernel, launch->shared_bytes, device.mostSharedBytes());
    size_t bytes = launch->parameter_bytes;
    void *parameters[] = {launchParameters,
                          const_cast<void *>(launch->parameters),
                          launchParameterBytes, &bytes, launchEnd};
    const auto &[gx, gy, gz] = launch->grid;
    const auto &[bx, by, bz] = launch->block;
    driver.check(driver.launch(kernel.function, gx, gy, gz, bx, by, bz,
                               launch->shared_bytes, handleOf(stream), nullptr,
                               bytes ? parameters : nullptr));
  });
}

} // namespace

moelora_device cuda::deviceFunctions() {
  moelora_device device = {};
  device.struct_size = sizeof device;
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
  device.event_query = eventQuery;
  device.kernel_load = kernelLoad;
  device.kernel_unload = kernelUnload;
  device.launch = launch;
  return device;
}

const moelora_device *moelora::openCuda(int ordinal) {
  return &cuda::Device::open(ordinal).release()->interface();
}

void moelora::closeCuda(const moelora_device &device) {
  delete &cuda::Device::of(device.context);
}
