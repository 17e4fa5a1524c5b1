// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams: each is in order, and none delays another.

#include "Devices.h"

#include <chrono>
#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

class Streams : public Devices {
protected:
  void SetUp() override {
    Devices::SetUp();
    if (device)
      flag = onHost(8);
    if (device)
      *word() = 0;
  }
  void TearDown() override {
    flag = DeviceMemory();
    Devices::TearDown();
  }

  uint64_t *word() { return reinterpret_cast<uint64_t *>(flag.data()); }
  void raise() { __atomic_store_n(word(), 1, __ATOMIC_RELEASE); }
  std::thread raiseLater() {
    return std::thread([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      raise();
    });
  }

  DeviceMemory flag;
};

TEST_P(Streams, RunIndependently) {
  Kernel await(*device, "await");
  Stream held(*device), free(*device);
  int value = 42, back = 0;
  DeviceMemory memory = onDevice(sizeof value);
  await.launch(held.get(), AwaitParameters{word()});
  copy(free.get(), memory.data(), &value, sizeof value);
  copy(free.get(), &back, memory.data(), sizeof value);
  synchronize(free.get());
  EXPECT_EQ(back, 42);
  raise();
  synchronize(held.get());
}

TEST_P(Streams, AreWaitedForWhenDestroyed) {
  Kernel await(*device, "await");
  int value = -7, back = 0;
  DeviceMemory memory = onDevice(sizeof value), pinned = onHost(sizeof value);
  copy(nullptr, memory.data(), &value, sizeof value);
  synchronize(nullptr);
  std::thread raiser = raiseLater();
  {
    Stream stream(*device);
    await.launch(stream.get(), AwaitParameters{word()});
    copy(stream.get(), pinned.data(), memory.data(), sizeof value);
  }
  std::memcpy(&back, pinned.data(), sizeof back);
  EXPECT_EQ(back, -7);
  raiser.join();
}

TEST_P(Streams, SynchronizeWaitsForAllThatWasAskedFor) {
  Kernel await(*device, "await");
  Stream stream(*device);
  DeviceMemory memory = onDevice(8);
  std::thread raiser = raiseLater();
  await.launch(stream.get(), AwaitParameters{word()});
  store(stream.get(), memory.data(), 5);
  uint64_t back = 0;
  copy(stream.get(), &back, memory.data(), 8);
  synchronize(stream.get());
  EXPECT_EQ(back, 5u);
  raiser.join();
}

TEST_P(Streams, WithoutOneTheOrderIsKeptToo) {
  DeviceMemory memory = onDevice(8);
  uint64_t value = 1, back = 0;
  copy(nullptr, memory.data(), &value, 8);
  store(nullptr, memory.data(), 2);
  copy(nullptr, &back, memory.data(), 8);
  if (!device->null_is_done)
    synchronize(nullptr);
  EXPECT_EQ(back, 2u);
}

TEST_P(Streams, EndWithNothingOnThem) {
  for (int round = 0; round < 20; ++round)
    Stream stream(*device);
  Stream stream(*device);
  synchronize(stream.get());
  synchronize(nullptr);
}

/// A store is seen whole, and with it all that came before it on its stream.
TEST_P(Streams, StoresPublishWhatCameBefore) {
  constexpr uint64_t rounds = 100, allBytes = 0x0101010101010101;
  Stream writer(*device), reader(*device);
  DeviceMemory memory = onDevice(8 * (rounds + 1));
  std::vector<uint64_t> values(rounds + 1);
  for (uint64_t i = 1; i <= rounds; ++i)
    values[i] = ~i;
  store(nullptr, memory.data(), 0);
  synchronize(nullptr);
  for (uint64_t i = 1; i <= rounds; ++i) {
    copy(writer.get(), memory.data() + 8 * i, &values[i], 8);
    store(writer.get(), memory.data(), i * allBytes);
  }
  for (uint64_t seen = 0; seen < rounds;) {
    uint64_t published = 0;
    if (device->host_visible) {
      published = __atomic_load_n(reinterpret_cast<uint64_t *>(memory.data()),
                                  __ATOMIC_ACQUIRE);
    } else {
      copy(reader.get(), &published, memory.data(), 8);
      synchronize(reader.get());
    }
    ASSERT_EQ(published % allBytes, 0u);
    ASSERT_GE(published / allBytes, seen);
    seen = published / allBytes;
    std::vector<uint64_t> data(seen);
    copy(reader.get(), data.data(), memory.data() + 8, 8 * seen);
    synchronize(reader.get());
    for (uint64_t i = 1; i <= seen; ++i)
      ASSERT_EQ(data[i - 1], ~i);
    if (std::string(GetParam()).find("fake") != std::string::npos)
      synchronize(writer.get()); // which else has no reason to go on
  }
}

INSTANTIATE_TEST_SUITE_P(On, Streams, everyDevice(), nameOfDevice);

} // namespace
