// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One device, used by many threads.

#include "Devices.h"

#include <atomic>
#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

using Threads = Devices;

/// Each with everything of its own.
TEST_P(Threads, UseTheDeviceAtOnce) {
  constexpr uint64_t bytes = 4 * sizeof(float);
  auto work = [&](uint32_t seed) {
    Kernel add(*device, "add");
    for (uint32_t round = 0; round < 40; ++round) {
      Stream stream(*device);
      Event event(*device);
      DeviceMemory memory = onDevice(3 * bytes);
      std::vector<float> a = randomFloats(4, seed + round);
      std::vector<float> b = randomFloats(4, ~(seed + round)), sums(4);
      auto *at = reinterpret_cast<float *>(memory.data());
      copy(stream.get(), at + 4, a.data(), bytes);
      copy(stream.get(), at + 8, b.data(), bytes);
      add.launch(stream.get(), AddParameters{at, at + 4, at + 8});
      copy(stream.get(), sums.data(), at, bytes);
      record(stream.get(), event);
      expectToPass(event);
      for (size_t i = 0; i < 4; ++i)
        ASSERT_EQ(sums[i], a[i] + b[i]);
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 6; ++i)
    threads.emplace_back(work, 1000 * i);
  for (std::thread &thread : threads)
    thread.join();
}

/// All on one stream, with one event that each records again.
TEST_P(Threads, ShareAStreamAndAnEvent) {
  constexpr uint64_t perThread = 100, count = 4;
  Stream stream(*device), other(*device);
  Event event(*device);
  DeviceMemory memory = onDevice(8 * perThread * count);
  auto work = [&](uint64_t thread) {
    for (uint64_t i = thread * perThread; i < (thread + 1) * perThread; ++i) {
      store(stream.get(), memory.data() + 8 * i, ~i);
      record(stream.get(), event);
      wait(other.get(), event);
      passed(event);
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < count; ++i)
    threads.emplace_back(work, i);
  for (std::thread &thread : threads)
    thread.join();
  std::vector<uint64_t> values(perThread * count);
  copy(other.get(), values.data(), memory.data(), 8 * values.size());
  synchronize(other.get());
  for (uint64_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(values[i], ~i);
}

INSTANTIATE_TEST_SUITE_P(On, Threads, everyDevice(), nameOfDevice);

} // namespace
