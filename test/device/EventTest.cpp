// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Events: when they pass, and who waits for them.

#include "Devices.h"

#include <chrono>
#include <optional>
#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

class Events : public Devices {
protected:
  void SetUp() override {
    Devices::SetUp();
    if (!device)
      return;
    flags = onHost(32);
    std::memset(flags.data(), 0, 32);
    await.emplace(*device, "await");
  }
  void TearDown() override {
    flags = DeviceMemory();
    await.reset();
    Devices::TearDown();
  }

  uint64_t *flag(int i) {
    return reinterpret_cast<uint64_t *>(flags.data()) + i;
  }
  void hold(const Stream &stream, int i) {
    await->launch(stream.get(), AwaitParameters{flag(i)});
  }
  /// A place for copies: those into memory that is not pinned may wait for the
  /// stream.
  uint64_t &back() { return *flag(2); }
  void raise(int i) { __atomic_store_n(flag(i), 1, __ATOMIC_RELEASE); }

  DeviceMemory flags;
  std::optional<Kernel> await;
};

TEST_P(Events, HavePassedWhenTheyAreNew) {
  Event event(*device);
  EXPECT_TRUE(passed(event));
  Stream stream(*device);
  wait(stream.get(), event);
  wait(nullptr, event);
  synchronize(stream.get());
}

TEST_P(Events, PassWhenWhatWasBeforeIsDone) {
  Stream stream(*device);
  Event event(*device);
  hold(stream, 0);
  record(stream.get(), event);
  EXPECT_FALSE(passed(event));
  raise(0);
  expectToPass(event);
}

TEST_P(Events, DoNotWaitForWhatComesLater) {
  Stream stream(*device);
  Event event(*device);
  DeviceMemory memory = onDevice(8);
  store(stream.get(), memory.data(), 1);
  record(stream.get(), event);
  hold(stream, 0);
  expectToPass(event);
  raise(0);
}

TEST_P(Events, BecomeLaterOnesWhenRecordedAgain) {
  Stream stream(*device);
  Event event(*device);
  DeviceMemory memory = onDevice(8);
  store(stream.get(), memory.data(), 1);
  record(stream.get(), event);
  expectToPass(event);
  hold(stream, 0);
  record(stream.get(), event);
  EXPECT_FALSE(passed(event));
  raise(0);
  expectToPass(event);
}

TEST_P(Events, HoldUpOtherStreams) {
  Stream first(*device), second(*device);
  Event event(*device), behind(*device);
  DeviceMemory memory = onDevice(8);
  store(nullptr, memory.data(), 1);
  synchronize(nullptr);
  hold(first, 0);
  store(first.get(), memory.data(), 2);
  record(first.get(), event);
  wait(second.get(), event);
  copy(second.get(), &back(), memory.data(), 8);
  record(second.get(), behind);
  EXPECT_FALSE(passed(behind));
  raise(0);
  synchronize(second.get());
  EXPECT_EQ(back(), 2u);
}

/// A wait means the event as it was then.
TEST_P(Events, RecordedAgainDoNotHoldUpEarlierWaits) {
  Stream first(*device), second(*device);
  Event event(*device);
  DeviceMemory memory = onDevice(8);
  hold(first, 0);
  store(first.get(), memory.data(), 3);
  record(first.get(), event);
  wait(second.get(), event);
  copy(second.get(), &back(), memory.data(), 8);
  hold(first, 1);
  record(first.get(), event);
  raise(0);
  synchronize(second.get());
  EXPECT_EQ(back(), 3u);
  EXPECT_FALSE(passed(event));
  raise(1);
  expectToPass(event);
}

TEST_P(Events, HoldUpWhoeverHasNoStream) {
  Stream stream(*device);
  Event event(*device);
  DeviceMemory memory = onDevice(8);
  hold(stream, 0);
  store(stream.get(), memory.data(), 4);
  record(stream.get(), event);
  std::thread raiser([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    raise(0);
  });
  wait(nullptr, event);
  copy(nullptr, &back(), memory.data(), 8);
  synchronize(nullptr);
  EXPECT_EQ(back(), 4u);
  raiser.join();
}

TEST_P(Events, OfNoStreamPass) {
  Event event(*device);
  DeviceMemory memory = onDevice(8);
  store(nullptr, memory.data(), 1);
  record(nullptr, event);
  if (device->null_is_done)
    EXPECT_TRUE(passed(event));
  expectToPass(event);
}

TEST_P(Events, OutliveTheirStream) {
  Event event(*device);
  {
    Stream stream(*device);
    hold(stream, 0);
    record(stream.get(), event);
    raise(0);
  }
  expectToPass(event);
}

INSTANTIATE_TEST_SUITE_P(On, Events, everyDevice(), nameOfDevice);

} // namespace
