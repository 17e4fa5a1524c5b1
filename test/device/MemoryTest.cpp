// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of devices, and copies and stores to it.

#include "Devices.h"

#include <numeric>
#include <random>

using namespace moelora;
using namespace moelora::test;

namespace {

using Memory = Devices;

constexpr uint64_t sizes[] = {1, 255, 4096, 100000, 1 << 20, 64 << 20};

std::vector<char> randomBytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<char> bytes(count);
  for (char &byte : bytes)
    byte = static_cast<char>(random());
  return bytes;
}

TEST_P(Memory, IsAligned) {
  for (uint64_t size : sizes) {
    DeviceMemory memory = onDevice(size), host = onHost(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data()) % 256, 0u) << size;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(host.data()) % 256, 0u) << size;
  }
  EXPECT_GE(device->granularity, 1u);
}

TEST_P(Memory, KeepsEveryByteOfEveryBlock) {
  Stream stream(*device);
  std::vector<DeviceMemory> blocks;
  for (uint64_t size : sizes) {
    std::vector<char> bytes = randomBytes(size, uint32_t(size));
    blocks.push_back(onDevice(size));
    copy(stream.get(), blocks.back().data(), bytes.data(), size);
    synchronize(stream.get());
  }
  for (const DeviceMemory &block : blocks) {
    std::vector<char> bytes(block.size());
    copy(stream.get(), bytes.data(), block.data(), block.size());
    synchronize(stream.get());
    EXPECT_EQ(bytes, randomBytes(block.size(), uint32_t(block.size())));
  }
}

TEST_P(Memory, IsUsedAgain) {
  Stream stream(*device);
  for (uint32_t round = 0; round < 50; ++round) {
    std::vector<char> bytes = randomBytes(5000, round), back(5000);
    DeviceMemory memory = onDevice(5000);
    copy(stream.get(), memory.data(), bytes.data(), 5000);
    copy(stream.get(), back.data(), memory.data(), 5000);
    synchronize(stream.get());
    ASSERT_EQ(back, bytes);
  }
}

TEST_P(Memory, OfTheHostIsTheHosts) {
  DeviceMemory memory = onHost(1000);
  std::vector<char> bytes = randomBytes(1000, 1);
  std::copy(bytes.begin(), bytes.end(), memory.data());
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), memory.data()));
}

TEST_P(Memory, SaysWhenThereIsNotEnough) {
  for (uint64_t bytes : {UINT64_MAX, UINT64_MAX - 1000, uint64_t(1) << 60}) {
    moelora_status status = MOELORA_OK;
    EXPECT_NE(failureOf([&] { onDevice(bytes); }, &status), "");
    EXPECT_EQ(status, MOELORA_OUT_OF_MEMORY);
  }
}

TEST_P(Memory, CopiesInEveryDirectionInTheOrderOfTheStream) {
  Stream stream(*device);
  std::vector<char> bytes = randomBytes(70000, 7), back(70000);
  DeviceMemory pinned = onHost(70000), pinnedBack = onHost(70000);
  DeviceMemory first = onDevice(70000), second = onDevice(70000);
  std::copy(bytes.begin(), bytes.end(), pinned.data());
  copy(stream.get(), first.data(), pinned.data(), 70000);
  copy(stream.get(), second.data(), first.data(), 70000);
  copy(stream.get(), pinnedBack.data(), second.data(), 70000);
  copy(stream.get(), back.data(), pinnedBack.data(), 70000);
  synchronize(stream.get());
  EXPECT_EQ(back, bytes);
}

TEST_P(Memory, CopiesNothing) {
  copy(nullptr, nullptr, nullptr, 0);
  Stream stream(*device);
  copy(stream.get(), nullptr, nullptr, 0);
  synchronize(stream.get());
}

TEST_P(Memory, IsStoredToInTheOrderOfTheStream) {
  Stream stream(*device);
  DeviceMemory memory = onDevice(64);
  uint64_t before[8], after[8];
  std::iota(before, before + 8, 100);
  copy(stream.get(), memory.data(), before, sizeof before);
  store(stream.get(), memory.data() + 24, 0x0123456789abcdef);
  copy(stream.get(), after, memory.data(), sizeof after);
  store(stream.get(), memory.data() + 32, 1);
  synchronize(stream.get());
  before[3] = 0x0123456789abcdef;
  EXPECT_THAT(after, testing::ElementsAreArray(before));
}

TEST_P(Memory, KeepsManyStoresApart) {
  constexpr uint64_t count = 300;
  Stream stream(*device), other(*device);
  DeviceMemory memory = onDevice(8 * count);
  for (uint64_t i = 0; i < count; ++i)
    store((i % 3 ? stream : other).get(), memory.data() + 8 * i, ~i * 0x10001);
  synchronize(stream.get());
  synchronize(other.get());
  std::vector<uint64_t> values(count);
  copy(stream.get(), values.data(), memory.data(), 8 * count);
  synchronize(stream.get());
  for (uint64_t i = 0; i < count; ++i)
    ASSERT_EQ(values[i], ~i * 0x10001);
}

TEST_P(Memory, RefusesStoresThatAreNotAligned) {
  DeviceMemory memory = onDevice(64);
  EXPECT_EQ(failureOf([&] { store(nullptr, memory.data() + 12, 1); }),
            "expects the address of a store to be a multiple of 8, but it is 4 "
            "beyond one");
}

INSTANTIATE_TEST_SUITE_P(On, Memory, everyDevice(), nameOfDevice);

} // namespace
