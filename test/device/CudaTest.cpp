// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CUDA with the fake driver: features that only CUDA devices have.

#include "Devices.h"

#include "device/cuda/CudaTypes.h"

using namespace moelora;
using namespace moelora::test;

namespace {

class Cuda : public Devices {
protected:
  static bool isNew() { return std::string(GetParam()) == "fake"; }

  int32_t stateOf(const Event &event, moelora_status expected = MOELORA_OK) {
    int32_t state = -1;
    EXPECT_EQ(
        device->event_state(device->context, event.get(), &state, nullptr),
        expected);
    return state;
  }
  int64_t valueOf(int32_t key) {
    int64_t value = -1;
    call(*device, &moelora_device::query, key, &value);
    return value;
  }
  std::string loadRefusal(const moelora_binary &binary,
                          moelora_status *status = nullptr) {
    moelora_module *module = nullptr;
    return failureOf(
        [&] { call(*device, &moelora_device::module_load, &binary, &module); },
        status);
  }
};

/// CU_STREAM_LEGACY and CU_STREAM_PER_THREAD.
TEST_P(Cuda, TakesTheStreamsThatAreNumbers) {
  DeviceMemory memory = onDevice(8);
  for (uintptr_t number : {0, 1, 2}) {
    auto *stream = reinterpret_cast<moelora_stream *>(number);
    Event event(*device);
    uint64_t back = 0;
    store(stream, memory.data(), 50 + number);
    copy(stream, &back, memory.data(), 8);
    record(stream, event);
    wait(stream, event);
    synchronize(stream);
    EXPECT_EQ(back, 50 + number);
  }
}

TEST_P(Cuda, TellsWhichStreamsAreCaptured) {
  const struct {
    int status, state;
    uint64_t id;
  } expected[] = {{cuda::CaptureActive, MOELORA_CAPTURE_ACTIVE, 12},
                  {cuda::CaptureInvalidated, MOELORA_CAPTURE_BROKEN, 12},
                  {cuda::CaptureNone, MOELORA_CAPTURE_NONE, 0}};
  Stream stream(*device), other(*device);
  for (const auto &[status, state, id] : expected) {
    fakeDriver().setCapture(stream.get(), status, 12);
    for (const Stream *asked : {&stream, &other}) {
      int32_t gotState = -1;
      uint64_t gotId = 99;
      call(*device, &moelora_device::capture, asked->get(), &gotState, &gotId);
      EXPECT_EQ(gotState, asked == &stream ? state : MOELORA_CAPTURE_NONE);
      EXPECT_EQ(gotId, asked == &stream ? id : 0);
    }
  }
}

TEST_P(Cuda, KnowsItself) {
  EXPECT_EQ(valueOf(MOELORA_DEVICE_KIND), MOELORA_DEVICE_KIND_CUDA);
  EXPECT_EQ(valueOf(MOELORA_DEVICE_ARCHITECTURE), 90);
  EXPECT_EQ(valueOf(MOELORA_DEVICE_MULTIPROCESSORS), 7);
  EXPECT_EQ(valueOf(MOELORA_DEVICE_SHARED_BYTES), 99 << 10);
  EXPECT_EQ(valueOf(MOELORA_DEVICE_ORDINAL), 0);
}

/// An event that cannot pass is distinguished from one whose state is not
/// available.
TEST_P(Cuda, TellsFailedEventsFromWrongQuestions) {
  Event event(*device);
  const std::pair<int, moelora_status> answers[] = {
      {cuda::IllegalAddress, MOELORA_OK},
      {cuda::EccUncorrectable, MOELORA_OK},
      {999, MOELORA_OK},      // unknown
      {907, MOELORA_INVALID}, // an event of a capture
      {cuda::InvalidHandle, MOELORA_INVALID}};
  for (auto [result, status] : answers) {
    fakeDriver().failCall(1, result); // after the context is current
    EXPECT_EQ(stateOf(event, status),
              status == MOELORA_OK ? MOELORA_EVENT_FAILED : -1)
        << result;
  }
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PASSED);
}

TEST_P(Cuda, SaysWhenItIsLost) {
  for (int result : {4, 201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716,
                     717, 718, 719, 721, 810}) {
    fakeDriver().failCall(1, result);
    moelora_status status = MOELORA_OK;
    failureOf([&] { synchronize(nullptr); }, &status);
    EXPECT_EQ(status, MOELORA_DEVICE_LOST) << result;
  }
  synchronize(nullptr);
}

TEST_P(Cuda, SaysWhatTheCompilerHasToSay) {
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(loadRefusal({MOELORA_BINARY_PTX, 0, 5, "abcd"}, &status),
            "the CUDA driver answers FAKE_ERROR_200 (as the test wished) to "
            "cuModuleLoadDataEx: fake line 1; fatal");
  EXPECT_EQ(status, MOELORA_INVALID);
}

TEST_P(Cuda, TakesCodeForGpus) {
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(loadRefusal({MOELORA_BINARY_HOST, 0, 0, "a"}, &status),
            "the binary is kernels of the host, which is not for a CUDA "
            "device");
  EXPECT_EQ(status, MOELORA_UNSUPPORTED);
  EXPECT_EQ(loadRefusal({MOELORA_BINARY_NVVM, 0, 1, "a"}, &status),
            "the binary is NVVM bitcode, which is not for a CUDA device");
}

TEST_P(Cuda, RefusesKernelsWithTooManyThreads) {
  Kernel add(*device, "add");
  EXPECT_EQ(failureOf([&] { add.get("add", 0, 1025); }),
            "expects a block of the kernel to have at most 1024 threads on the "
            "device, but it has 1025");
}

/// The launch as a kernel observes it, with the fake driver.
moelora_launch seen;
void look(const moelora_launch *launch) { seen = *launch; }

TEST_P(Cuda, LaunchesWithWhatTheDriverKnows) {
  std::string image =
      "fake module look " + std::to_string(reinterpret_cast<uintptr_t>(look));
  Kernel looking(*device, image, "look");
  int nothing = 0;
  moelora_launch launch = looking.of(nothing);
  launch.flags = MOELORA_LAUNCH_DEPENDENT;
  call(*device, &moelora_device::launch, nullptr, &launch, 1u);
  synchronize(nullptr);
  EXPECT_EQ(seen.flags, isNew() ? MOELORA_LAUNCH_DEPENDENT : 0);
  EXPECT_EQ(seen.cluster[0], 0u);

  launch.grid[1] = 6;
  launch.cluster[1] = 3;
  moelora_status status = MOELORA_OK;
  std::string text = failureOf(
      [&] { call(*device, &moelora_device::launch, nullptr, &launch, 1u); },
      &status);
  synchronize(nullptr);
  EXPECT_EQ(text, isNew() ? ""
                          : "a launch has clusters, which this GPU or its "
                            "driver has not");
  EXPECT_EQ(status, isNew() ? MOELORA_OK : MOELORA_UNSUPPORTED);
  EXPECT_EQ(seen.cluster[1], isNew() ? 3u : 0u);
  EXPECT_EQ(seen.grid[1], isNew() ? 6u : 1u);
}

INSTANTIATE_TEST_SUITE_P(On, Cuda, testing::Values("fake", "oldfake"),
                         nameOfDevice);

} // namespace
