/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The emulator as a device of the runtime: its properties and its memory.
 */
#include "Device.h"

#include "Guard.h"

#include "device/Rules.h"

using namespace moelora;
using namespace moelora::emulator;

namespace {

moelora_status allocate(void *context, uint64_t bytes, void **memory,
                        moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkResults(memory);
    *memory = device.machine.allocate(bytes);
  });
}

moelora_status allocateHost(void *context, uint64_t bytes, void **memory,
                            moelora_error **error) {
  return use(context, error, [&](Device &device) {
    checkResults(memory);
    *memory = device.machine.allocate(bytes, Memory::Host);
  });
}

void release(void *context, void *memory, uint64_t) {
  // This function cannot report that the memory is not allocated.
  (void)answer(nullptr, [&] { deviceOf(context).machine.release(memory); });
}

int64_t valueOf(const Options &options, int32_t key) {
  switch (key) {
  case MOELORA_DEVICE_KIND:
    return MOELORA_DEVICE_KIND_EMULATOR;
  case MOELORA_DEVICE_ARCHITECTURE:
    return options.architecture;
  case MOELORA_DEVICE_MULTIPROCESSORS:
    return options.multiprocessors;
  case MOELORA_DEVICE_SHARED_BYTES:
    return sharedLimit(options.architecture);
  case MOELORA_DEVICE_ORDINAL:
    return 0;
  }
  failUnknownKey(key);
}

moelora_status query(void *context, int32_t key, int64_t *value,
                     moelora_error **error) {
  return answer(error, [&] {
    checkResults(value);
    *value = valueOf(deviceOf(context).machine.options(), key);
  });
}

void close(void *context) { delete static_cast<Device *>(context); }

} // namespace

emulator::Device::Device(const Options &options)
    : name("emulator sm_" + std::to_string(options.architecture)),
      machine(options), cpu(*moelora_device_cpu()) {
  functions.size = sizeof functions;
  functions.version = MOELORA_DEVICE_VERSION;
  functions.context = this;
  functions.name = name.c_str();
  functions.null_is_done = 1;
  functions.granularity = 1; // bounds are exact to the byte
  functions.allocate = allocate;
  functions.allocate_host = allocateHost;
  functions.release = functions.release_host = release;
  functions.query = query;
  functions.close = close;
  addStreamFunctions(functions);
  addKernelFunctions(functions);
}

void emulator::Device::require() const {
  if (!lost)
    return;
  std::lock_guard<std::mutex> lock(mutex);
  fail(fault, MOELORA_DEVICE_LOST);
}

void emulator::Device::lose(std::string why) {
  std::lock_guard<std::mutex> lock(mutex);
  if (fault.empty())
    fault = std::move(why);
  lost = true;
}

const moelora_device *emulator::openDevice(const char *options) {
  return &(new Device(parseOptions(options)))->functions;
}
