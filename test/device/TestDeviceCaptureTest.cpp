// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calls that break a capture on the test device, as on CUDA.

#include "TestBench.h"

#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

struct TestDeviceCapture : TestBench {
  Stream stream{*device.get()}, other{*device.get()};
  Event event{*device.get()};
  DeviceMemory memory{*device.get(), 8};

  moelora_status allocates() {
    void *made = nullptr;
    moelora_status status = ask(&D::allocate, uint64_t(8), &made);
    if (made)
      device.get()->release(&device, made, 8);
    return status;
  }
  moelora_status stores(moelora_stream *on) {
    return ask(&D::store, on, reinterpret_cast<uint64_t *>(memory.data()),
               uint64_t(1));
  }
  void begin(TestCaptureMode mode = TestCaptureMode::ThreadLocal) {
    device.beginCapture(stream.get(), mode);
  }
  int32_t state() {
    int32_t state = -1;
    uint64_t id = 0;
    call(&D::capture, stream.get(), &state, &id);
    return state;
  }
  /// The capture is broken, stays so, and ends without a graph.
  void expectBroken(const char *why) {
    EXPECT_EQ(state(), MOELORA_CAPTURE_BROKEN);
    EXPECT_EQ(stores(stream.get()), MOELORA_INVALID);
    EXPECT_EQ(device.whyBroken(), why);
    EXPECT_EQ(device.endCapture(stream.get()), nullptr);
    EXPECT_EQ(stores(stream.get()), MOELORA_OK);
  }
};

TEST_F(TestDeviceCapture, BreaksWhenItIsWaitedFor) {
  begin();
  EXPECT_EQ(ask(&D::stream_synchronize, other.get()), MOELORA_OK);
  EXPECT_EQ(ask(&D::stream_synchronize, stream.get()), MOELORA_INVALID);
  expectBroken("a stream that is captured is waited for");
}

TEST_F(TestDeviceCapture, BreaksWhenItsEventsAreAskedFor) {
  begin();
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PASSED); // not of the capture
  record(stream.get(), event);
  int32_t state = -1;
  EXPECT_EQ(ask(&D::event_state, event.get(), &state), MOELORA_INVALID);
  EXPECT_EQ(state, -1);
  expectBroken("an event of a capture is asked for");
}

TEST_F(TestDeviceCapture, HasEventsOfItsOwn) {
  record(other.get(), event);
  begin();
  EXPECT_EQ(ask(&D::stream_wait, stream.get(), event.get()), MOELORA_INVALID);
  expectBroken("a capture waits for an event outside of it");
  begin();
  record(stream.get(), event);
  EXPECT_TRUE(device.endCapture(stream.get()));
  int32_t state = -1;
  EXPECT_EQ(ask(&D::event_state, event.get(), &state), MOELORA_INVALID);
  EXPECT_EQ(ask(&D::stream_wait, stream.get(), event.get()), MOELORA_INVALID);
  record(stream.get(), event);
  device.drain();
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PASSED);
}

TEST_F(TestDeviceCapture, DoesNotMergeWithAnother) {
  begin();
  device.beginCapture(other.get());
  record(other.get(), event);
  EXPECT_EQ(ask(&D::stream_wait, stream.get(), event.get()), MOELORA_INVALID);
  EXPECT_EQ(device.endCapture(other.get()), nullptr);
  EXPECT_EQ(state(), MOELORA_CAPTURE_BROKEN);
  EXPECT_EQ(device.endCapture(stream.get()), nullptr);
}

TEST_F(TestDeviceCapture, BreaksWithWorkOnStreamNull) {
  begin();
  int32_t state = -1;
  uint64_t id = 0;
  EXPECT_EQ(
      ask(&D::capture, static_cast<moelora_stream *>(nullptr), &state, &id),
      MOELORA_INVALID);
  EXPECT_EQ(stores(nullptr), MOELORA_INVALID);
  expectBroken(
      "stream NULL is in order with all streams, of which one is captured");
  EXPECT_EQ(stores(nullptr), MOELORA_OK);
}

TEST_F(TestDeviceCapture, BreaksWhenItsThreadMayWait) {
  begin();
  std::thread([&] { EXPECT_EQ(allocates(), MOELORA_OK); }).join();
  EXPECT_EQ(state(), MOELORA_CAPTURE_ACTIVE);
  EXPECT_EQ(allocates(), MOELORA_INVALID);
  expectBroken("a call may wait during a capture");

  begin(TestCaptureMode::Global);
  std::thread([&] { EXPECT_EQ(allocates(), MOELORA_INVALID); }).join();
  expectBroken("a call may wait during a capture");

  begin(TestCaptureMode::Relaxed);
  EXPECT_EQ(allocates(), MOELORA_OK);
  EXPECT_TRUE(device.endCapture(stream.get()));
}

TEST_F(TestDeviceCapture, BreaksWhenMemoryIsGivenBackOrCodeIsLoaded) {
  begin();
  memory = DeviceMemory();
  EXPECT_EQ(state(), MOELORA_CAPTURE_BROKEN);
  EXPECT_EQ(device.endCapture(stream.get()), nullptr);
  begin();
  moelora_binary binary = {MOELORA_BINARY_HOST, 0, 0, "code"};
  moelora_module *loaded = nullptr;
  EXPECT_EQ(ask(&D::module_load, static_cast<const moelora_binary *>(&binary),
                &loaded),
            MOELORA_INVALID);
  EXPECT_EQ(state(), MOELORA_CAPTURE_BROKEN);
}

TEST_F(TestDeviceCapture, DoesNotBeginTwice) {
  begin();
  begin();
  expectBroken("a stream that is captured begins anew");
  device.beginCapture(nullptr);
  EXPECT_THAT(device.complaints(),
              testing::ElementsAre("stream NULL cannot be captured"));
}

TEST_F(TestDeviceCapture, EndsWithItsStream) {
  begin();
  stream = Stream();
  EXPECT_EQ(device.whyBroken(), "a stream that is captured is destroyed");
  EXPECT_EQ(stores(nullptr), MOELORA_OK); // there is no capture any more
}

} // namespace
