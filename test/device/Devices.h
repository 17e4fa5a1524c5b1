// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The devices of the conformance suite: the cpu; CUDA with the fake driver,
// with and without the features that older drivers lack; the emulator; and a
// real GPU, if there is one.
#ifndef MOELORA_TEST_DEVICE_DEVICES_H
#define MOELORA_TEST_DEVICE_DEVICES_H

#include "FakeDriver.h"
#include "Kernels.h"
#include "TestDevice.h"

#include <gmock/gmock.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace moelora::test {

const FakeControl &fakeDriver();

/// Sets the library of the driver for devices that are opened during its
/// lifetime.
class DriverFile {
public:
  explicit DriverFile(const char *path); ///< NULL: that of the system
  ~DriverFile();

private:
  std::string before;
};

/// The text with which a device is refused, "" where it can be opened.
std::string refusal(const char *name, moelora_status *status = nullptr);

/// The text of a call that throws, "" where it does not.
template <typename Body>
std::string failureOf(Body body, moelora_status *status = nullptr) {
  try {
    body();
    return "";
  } catch (const Failure &failure) {
    if (status)
      *status = failure.status;
    return failure.text;
  }
}

/// The device that the parameter names; skips where there is none.
class Devices : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override;
  void TearDown() override;

  DeviceMemory onDevice(uint64_t bytes) { return {*device, bytes}; }
  DeviceMemory onHost(uint64_t bytes) {
    return {*device, bytes, DeviceMemory::OnHost};
  }
  void copy(moelora_stream *stream, void *to, const void *from,
            uint64_t bytes) {
    call(*device, &moelora_device::copy, stream, to, from, bytes);
  }
  void store(moelora_stream *stream, void *to, uint64_t value) {
    call(*device, &moelora_device::store, stream, static_cast<uint64_t *>(to),
         value);
  }
  void synchronize(moelora_stream *stream) {
    call(*device, &moelora_device::stream_synchronize, stream);
  }
  void wait(moelora_stream *stream, const Event &event) {
    call(*device, &moelora_device::stream_wait, stream, event.get());
  }
  void record(moelora_stream *stream, const Event &event) {
    call(*device, &moelora_device::event_record, stream, event.get());
  }
  bool passed(const Event &event) {
    int32_t state = -1;
    call(*device, &moelora_device::event_state, event.get(), &state);
    EXPECT_NE(state, MOELORA_EVENT_FAILED);
    return state == MOELORA_EVENT_PASSED;
  }
  /// Polls until it has.
  void expectToPass(const Event &event);

  /// Whether a kernel is a function of the host, which has no name and no
  /// shared memory.
  bool runsHostKernels() const {
    std::string name = GetParam();
    return name == "cpu" || name == "test";
  }

  const moelora_device *device = nullptr;

private:
  std::optional<TestDevice> testDevice;
  long before = 0; // what the fake driver had given out
};

/// For INSTANTIATE_TEST_SUITE_P. "oldfake" is the fake driver without what
/// older ones lack; "test" the test device with threads; "cuda" the real one.
inline auto everyDevice() {
  return testing::Values("cpu", "fake", "oldfake", "test", "emulator", "cuda");
}
inline std::string nameOfDevice(const testing::TestParamInfo<const char *> &p) {
  return p.param;
}

/// Floats of both signs.
std::vector<float> randomFloats(size_t count, uint32_t seed);

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_DEVICES_H
