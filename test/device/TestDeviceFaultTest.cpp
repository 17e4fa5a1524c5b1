// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of the test device that a test makes fail, and invalid handles.

#include "TestBench.h"

using namespace moelora;
using namespace moelora::test;

namespace {

struct TestDeviceFaults : TestBench {
  Stream stream{*device.get()};
  Event event{*device.get()};
  DeviceMemory memory{*device.get(), 8};

  moelora_status stores() {
    return ask(&D::store, stream.get(),
               reinterpret_cast<uint64_t *>(memory.data()), uint64_t(1));
  }
};

TEST_F(TestDeviceFaults, HitTheCallThatIsMeant) {
  device.faults.fail(TestCall::Store, 1, MOELORA_FULL);
  EXPECT_EQ(stores(), MOELORA_OK);
  record(stream.get(), event); // is not counted
  EXPECT_EQ(stores(), MOELORA_FULL);
  EXPECT_EQ(stores(), MOELORA_OK);
  EXPECT_EQ(device.faults.count(TestCall::Store), 3);
  const TestWork &work = device.pending(stream.get());
  EXPECT_EQ(work.end() - work.begin(), 3);
}

TEST_F(TestDeviceFaults, Last) {
  device.faults.fail(TestCall::Store, 1, MOELORA_IO, /*lasting=*/true);
  EXPECT_EQ(stores(), MOELORA_OK);
  EXPECT_EQ(stores(), MOELORA_IO);
  EXPECT_EQ(stores(), MOELORA_IO);
  device.faults.heal();
  EXPECT_EQ(stores(), MOELORA_OK);
}

TEST_F(TestDeviceFaults, MayTakeSomeLaunches) {
  device.faults.fail(TestCall::Launch);
  device.faults.takeOfLaunches(2);
  EXPECT_EQ(launch(stream.get(), countUp, memory.data(), 3), MOELORA_IO);
  const TestWork &work = device.pending(stream.get());
  EXPECT_EQ(work.end() - work.begin(), 2);
}

TEST_F(TestDeviceFaults, HitEvents) {
  record(stream.get(), event);
  device.failEvent(event.get());
  device.drain();
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_FAILED);
  record(stream.get(), event);
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_PENDING);
}

TEST_F(TestDeviceFaults, LoseTheDevice) {
  stores();
  record(stream.get(), event);
  device.faults.lose();
  EXPECT_FALSE(device.step(stream.get()));
  device.drain();
  EXPECT_EQ(wordAt(memory), nothing);
  EXPECT_EQ(stores(), MOELORA_DEVICE_LOST);
  EXPECT_EQ(ask(&D::stream_synchronize, stream.get()), MOELORA_DEVICE_LOST);
  EXPECT_EQ(stateOf(event), MOELORA_EVENT_FAILED);
  memory = DeviceMemory(); // freeing continues
  stream = Stream();
  event = Event();
  EXPECT_EQ(device.live().all(), 0);
}

/// With threads, what has not begun is not done either.
TEST(TestDeviceFaultsOfThreads, LoseTheDevice) {
  TestDeviceOptions options = TestBench::visible();
  options.threaded = true;
  TestDevice device(options);
  DeviceMemory memory(*device.get(), 8);
  Stream stream(*device.get());
  device.faults.lose();
  EXPECT_EQ(device.get()->stream_synchronize(&device, stream.get(), nullptr),
            MOELORA_DEVICE_LOST);
}

TEST_F(TestDeviceFaults, OfTheCallerAreComplainedAbout) {
  moelora_stream *gone = Stream(*device.get()).get();
  EXPECT_EQ(ask(&D::stream_synchronize, gone), MOELORA_INVALID);
  launch(stream.get(), countUp, memory.data());
  device.get()->module_unload(&device, module);
  moelora_launch launch = {reinterpret_cast<moelora_kernel *>(module),
                           {1, 1, 1},
                           {1, 1, 1},
                           {0, 0, 0},
                           0,
                           0,
                           0,
                           nullptr};
  EXPECT_EQ(device.get()->launch(&device, stream.get(), &launch, 1, nullptr),
            MOELORA_INVALID);
  constexpr const char *text = "a handle is used after it was given back";
  EXPECT_THAT(device.complaints(), testing::ElementsAre(text, text));
}

} // namespace
