// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that the tests of the test device share: its functions, which throw
// errors, and a kernel that counts.
#ifndef MOELORA_TEST_DEVICE_TESTBENCH_H
#define MOELORA_TEST_DEVICE_TESTBENCH_H

#include "TestDevice.h"
#include "device/Handles.h"

#include <gmock/gmock.h>

#include <cstring>

namespace moelora::test {

struct TestBench : testing::Test {
  using D = moelora_device;

  explicit TestBench(const TestDeviceOptions &options = visible())
      : device(options) {}

  static TestDeviceOptions visible() {
    TestDeviceOptions options;
    options.hostVisible = true;
    return options;
  }

  template <typename Function, typename... Values>
  void call(Function function, Values... values) {
    moelora::call(*device.get(), function, values...);
  }
  template <typename... Values>
  moelora_status ask(moelora_status (*D::*function)(void *, Values...,
                                                    moelora_error **),
                     Values... values) {
    return (device.get()->*function)(&device, values..., nullptr);
  }

  void store(moelora_stream *stream, const DeviceMemory &to, uint64_t value) {
    call(&D::store, stream, reinterpret_cast<uint64_t *>(to.data()), value);
  }
  void record(moelora_stream *stream, const Event &event) {
    call(&D::event_record, stream, event.get());
  }
  void wait(moelora_stream *stream, const Event &event) {
    call(&D::stream_wait, stream, event.get());
  }
  int32_t stateOf(const Event &event) {
    int32_t state = -1;
    call(&D::event_state, event.get(), &state);
    return state;
  }
  /// A word of the device, wherever it is.
  uint64_t wordAt(const DeviceMemory &memory) {
    uint64_t word = 0;
    std::memcpy(&word, device.memory.seen(memory.data()), sizeof word);
    return word;
  }
  /// Launches `function`, whose parameters are one value.
  template <typename T>
  moelora_status launch(moelora_stream *stream, moelora_host_kernel function,
                        T parameters, uint32_t count = 1) {
    moelora_binary binary = {MOELORA_BINARY_HOST, 0, 0,
                             reinterpret_cast<const void *>(function)};
    moelora_kernel_info info = {"kernel", 0, 1, 0, 0};
    moelora_kernel *kernel = nullptr;
    call(&D::module_load, &binary, &module);
    call(&D::kernel_get, module, &info, &kernel);
    std::vector<moelora_launch> launches(count, {kernel,
                                                 {1, 1, 1},
                                                 {1, 1, 1},
                                                 {0, 0, 0},
                                                 0,
                                                 sizeof parameters,
                                                 0,
                                                 &parameters});
    return device.get()->launch(&device, stream, launches.data(), count,
                                nullptr);
  }

  static constexpr uint64_t nothing = UINT64_MAX; // what is in fresh memory
  TestDevice device;
  moelora_module *module = nullptr; // of the last launch
};

/// A kernel whose parameter is the word that it adds 1 to.
inline void countUp(const moelora_launch *launch) {
  ++**static_cast<uint64_t *const *>(launch->parameters);
}

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTBENCH_H
