// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of the test device, and when it can be accessed.

#include "TestBench.h"

using namespace moelora;
using namespace moelora::test;

namespace {

template <bool HostVisible, TestFreed Freed> struct MemoryBench : TestBench {
  static TestDeviceOptions options() {
    TestDeviceOptions options;
    options.hostVisible = HostVisible;
    options.freed = Freed;
    return options;
  }
  MemoryBench() : TestBench(options()) {}

  DeviceMemory make(uint64_t bytes) { return {*device.get(), bytes}; }
  /// Freed memory.
  char *gone() { return make(8).data(); }
  void copy(void *to, const void *from, uint64_t bytes) {
    call(&D::copy, stream.get(), to, from, bytes);
    call(&D::stream_synchronize, stream.get());
  }
  void run(moelora_host_kernel kernel, char *address) {
    EXPECT_EQ(launch(stream.get(), kernel, address), MOELORA_OK);
    device.drain();
  }
  void expectComplaint(const char *text) {
    EXPECT_THAT(device.complaints(),
                testing::ElementsAre(testing::HasSubstr(text)));
  }

  Stream stream{*device.get()};
};

struct TestDeviceMemory : MemoryBench<false, TestFreed::Reused> {};
struct TestDeviceKeeps : MemoryBench<true, TestFreed::Kept> {};
struct TestDeviceGuards : MemoryBench<true, TestFreed::Guarded> {};
struct TestDeviceHides : MemoryBench<false, TestFreed::Guarded> {};
using TestDeviceMemoryDeathTest = TestDeviceMemory;
using TestDeviceGuardsDeathTest = TestDeviceGuards;

void touch(char *memory) { ++*reinterpret_cast<volatile uint64_t *>(memory); }

void look(const moelora_launch *launch) {
  (void)**static_cast<volatile const uint64_t *const *>(launch->parameters);
}

TEST_F(TestDeviceMemoryDeathTest, IsAFaultToTheHost) {
  DeviceMemory memory = make(8);
  store(stream.get(), memory, 1);
  EXPECT_DEATH(touch(memory.data()), "");
  device.drain();
  EXPECT_DEATH(touch(memory.data()), "");
  EXPECT_EQ(wordAt(memory), 1u);
}

TEST_F(TestDeviceMemory, IsThereWhileTheDeviceWorks) {
  DeviceMemory memory = make(8);
  store(stream.get(), memory, 41);
  run(countUp, memory.data());
  uint64_t back = 0;
  copy(&back, memory.data(), 8);
  EXPECT_EQ(back, 42u);
  EXPECT_EQ(device.memory.accesses(), 3);
}

TEST_F(TestDeviceMemory, OfTheHostIsTheHosts) {
  DeviceMemory memory(*device.get(), 8, DeviceMemory::OnHost);
  touch(memory.data());
}

TEST_F(TestDeviceMemory, IsNanWhenItIsNew) {
  char *first = gone();
  DeviceMemory memory = make(8);
  EXPECT_EQ(memory.data(), first);
  EXPECT_EQ(wordAt(memory), nothing);
}

TEST_F(TestDeviceMemory, HasBounds) {
  DeviceMemory memory = make(256), next = make(256);
  char buffer[300] = {};
  copy(memory.data() + 6, buffer, 250);
  EXPECT_THAT(device.complaints(), testing::IsEmpty());
  copy(memory.data() + 7, buffer, 250);
  expectComplaint("a copy writes more than an allocation: 250 bytes at 7");
  EXPECT_EQ(wordAt(next), nothing);
}

TEST_F(TestDeviceMemory, IsNotStoredToWhenItIsGone) {
  {
    DeviceMemory memory = make(8);
    store(stream.get(), memory, 1);
  }
  device.drain();
  expectComplaint("a store writes memory that is not allocated: 8 bytes at 0");
}

TEST_F(TestDeviceMemory, IsReleasedOnce) {
  device.get()->release(&device, gone(), 8);
  expectComplaint("memory is released that is not allocated");
}

TEST_F(TestDeviceKeeps, WhatWasGivenBack) {
  char *first = gone();
  DeviceMemory memory = make(8);
  EXPECT_NE(memory.data(), first);
  EXPECT_THAT(device.complaints(), testing::IsEmpty());
  run(countUp, first);
  expectComplaint("memory that was given back has been written to");
}

TEST_F(TestDeviceKeeps, TheFrontOfWhatWasGivenBack) {
  DeviceMemory memory = make(16);
  store(stream.get(), memory, 7);
  device.drain();
  device.memory.keepFront(8);
  char *place = memory.data();
  memory = DeviceMemory();
  EXPECT_EQ(*reinterpret_cast<uint64_t *>(place), 7u);
  EXPECT_EQ(reinterpret_cast<uint64_t *>(place)[1], nothing);
}

TEST(TestDeviceKeepsOnly, AsMuchAsItIsTold) {
  TestDeviceOptions options;
  options.freed = TestFreed::Kept;
  options.mostKept = 2;
  TestDevice device(options);
  auto make = [&] { return DeviceMemory(*device.get(), 8).data(); };
  char *first = make(), *second = make();
  EXPECT_NE(first, second);
  EXPECT_NE(make(), first); // the third one, for which the first is forgotten
  EXPECT_EQ(make(), first);
}

TEST_F(TestDeviceGuards, AgainstKernelsThatRead) {
  DeviceMemory memory = make(8);
  run(look, memory.data());
  EXPECT_THAT(device.complaints(), testing::IsEmpty());
  char *place = gone();
  run(look, place);
  run(look, place);
  constexpr const char *text = "a kernel touches memory that is not allocated";
  EXPECT_THAT(device.complaints(), testing::ElementsAre(text, text));
}

TEST_F(TestDeviceHides, AndGuards) {
  DeviceMemory memory = make(8);
  store(stream.get(), memory, 1);
  run(countUp, memory.data());
  EXPECT_EQ(wordAt(memory), 2u);
  EXPECT_THAT(device.complaints(), testing::IsEmpty());
  run(look, gone());
  expectComplaint("a kernel touches memory that is not allocated");
}

/// Accesses that are not by the device are faults.
TEST_F(TestDeviceGuardsDeathTest, AgainstTheHost) {
  EXPECT_DEATH(touch(gone()), "");
}

} // namespace
