// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Accesses to allocations and shared memory: bounds, alignment, release, and
// the contents of new memory.

#include "Touch.h"

#include "base/Failure.h"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

TEST(EmulatedMemory, StartsAsNaN) {
  Emulator emulator;
  float *memory = emulator.allocate<float>(100);
  for (float value : emulator.download(memory, 100))
    EXPECT_TRUE(std::isnan(value));
}

/// The launch stores a byte of shared memory that nothing has written, and one
/// that an asynchronous copy has not brought yet.
TEST(EmulatedMemory, HasAnotherByteBeforeItIsWritten) {
  Emulator emulator("fill=17,checks=off");
  using Memory = std::pair<char *, char *>;
  Memory memory(emulator.upload(std::vector<char>(16)),
                emulator.allocate<char>(3));
  emulator.launch<Memory>(
      [](Gpu gpu, const Memory &memory) {
        gpu.calls().copy_async(gpu.self, gpu.shared(), memory.first, 16, 16, 0);
        gpu.store(memory.second, gpu.loadShared<char>(0, 1), 2);
        gpu.store(memory.second + 1, gpu.loadShared<char>(16, 3), 4);
      },
      {1, 1, 32}, memory);
  EXPECT_EQ(emulator.download(memory.second, 3), std::vector<char>(3, 17));
}

TEST(EmulatedMemory, EndsToTheByte) {
  for (uint64_t bytes : {1u, 7u, 255u, 256u, 4096u, 5000u}) {
    Emulator emulator;
    char *memory = emulator.allocate<char>(bytes);
    auto last = static_cast<int64_t>(bytes) - 1;
    EXPECT_EQ(faultOf(emulator, {memory, 0, 0}), "");
    EXPECT_EQ(faultOf(emulator, {memory, last, 0}), "");
    EXPECT_EQ(faultOf(emulator, {memory, last + 1, 0}),
              here + "expects an access within the " + std::to_string(bytes) +
                  " bytes of the allocation, but it loads 1 bytes at offset " +
                  std::to_string(bytes));
    EXPECT_THAT(faultOf(emulator, {memory, -1, 0}),
                HasSubstr("loads 1 bytes at offset -1"));
  }
}

TEST(EmulatedMemory, IsNotThatOfTheHost) {
  Emulator emulator;
  char byte = 0;
  EXPECT_THAT(faultOf(emulator, {&byte, 0, 0}),
              HasSubstr("where there is none"));
  EXPECT_THAT(faultOf(emulator, {nullptr, 0, 0}),
              HasSubstr("expects an access to memory of the device, but it "
                        "loads 1 bytes at 0x0, where there is none"));
}

TEST(EmulatedMemory, IsNotUsedAfterItsRelease) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(8);
  emulator.machine.release(memory);
  EXPECT_EQ(faultOf(emulator, {memory, 0, 0}),
            here + "expects memory that is allocated, but the 8 bytes that it "
                   "reaches have been released");
  // New allocations do not use the address soon.
  for (int i = 0; i < 100; ++i)
    EXPECT_NE(emulator.allocate<char>(8), memory);
  EXPECT_THROW(emulator.machine.release(memory), Failure);
  EXPECT_THROW(emulator.machine.release(&emulator), Failure);
}

struct Release {
  uint32_t *flags; ///< in host memory: the kernel has begun, it may go on
  char *memory;
};

/// Reads the memory, waits for flag 1, and reads it again.
void readTwice(Gpu gpu, const Release &release) {
  gpu.load(release.memory, 0);
  gpu.store(&release.flags[0], 1u, 1);
  const uint32_t *flag =
      gpu.address(&release.flags[1], MOELORA_EMULATOR_LOAD, 2);
  while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
    std::this_thread::yield();
  gpu.load(release.memory, wordSite);
}

/// A release does not wait for kernels that use the memory.
TEST(EmulatedMemory, MayBeReleasedWhileAKernelUsesIt) {
  Emulator emulator;
  auto *flags = static_cast<uint32_t *>(
      emulator.machine.allocate(8, moelora::emulator::Memory::Host));
  flags[0] = flags[1] = 0;
  Release release = {flags, emulator.allocate<char>(1)};
  std::string fault;
  std::thread launch([&] {
    fault = emulator.launch<Release>(readTwice, {1, 1, 0}, release).fault;
  });
  while (!__atomic_load_n(&flags[0], __ATOMIC_ACQUIRE))
    std::this_thread::yield();
  emulator.machine.release(release.memory);
  __atomic_store_n(&flags[1], 1, __ATOMIC_RELEASE);
  launch.join();
  EXPECT_EQ(fault, here + "expects memory that is allocated, but the 1 bytes "
                          "that it reaches have been released");
}

TEST(EmulatedMemory, IsAlignedForWhatAsksForIt) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(64);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 256, 0u);
  auto load = [](Gpu gpu, const Touch &touch) {
    gpu.calls().access(gpu.self, touch.memory + touch.offset, 16, 16,
                       MOELORA_EMULATOR_LOAD, wordSite);
  };
  EXPECT_EQ(emulator.launch<Touch>(load, {1, 1, 0}, {memory, 16, 0}).fault, "");
  EXPECT_EQ(emulator.launch<Touch>(load, {1, 1, 0}, {memory, 8, 0}).fault,
            here + "expects an address at a multiple of 16, but it is 8 beyond "
                   "one");
}

TEST(EmulatedMemory, IsGlobalOrShared) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(64);
  auto mixUp = [](Gpu gpu, const Touch &touch) {
    if (touch.offset)
      gpu.address(touch.memory, MOELORA_EMULATOR_LOAD | MOELORA_EMULATOR_SHARED,
                  wordSite);
    else
      gpu.load(gpu.shared<char>(), wordSite);
  };
  EXPECT_EQ(emulator.launch<Touch>(mixUp, {1, 1, 64}, {memory, 1, 0}).fault,
            here + "expects a pointer to shared memory, but it is one to "
                   "global memory");
  EXPECT_EQ(emulator.launch<Touch>(mixUp, {1, 1, 64}, {memory, 0, 0}).fault,
            here + "expects a pointer to global memory, but it is one to "
                   "shared memory");
}

TEST(EmulatedMemory, OfABlockStartsAsNaNAndEndsToTheByte) {
  Emulator emulator;
  auto *out = emulator.allocate<uint32_t>(2);
  auto read = [](Gpu gpu, uint32_t *const &out) {
    gpu.store(out, gpu.loadShared<uint32_t>(0, 0), 1);
    gpu.storeShared<uint32_t>(0, 7, 2);
    gpu.loadShared<char>(100, wordSite);
  };
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(emulator.launch<uint32_t *>(read, {1, 1, 100}, out).fault,
              here + "expects an access within the 100 bytes of shared memory, "
                     "but it loads 1 bytes at offset 100");
    EXPECT_EQ(emulator.download(out, 1)[0], UINT32_MAX);
  }
}

TEST(EmulatedMemory, IsCopiedWithinAllocations) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(64), host[100] = {};
  auto refusal = [&](void *to, const void *from, uint64_t bytes) {
    try {
      emulator.machine.copy(to, from, bytes);
      return std::string();
    } catch (const Failure &failure) {
      return failure.text;
    }
  };
  EXPECT_EQ(refusal(memory + 60, host, 4), "");
  EXPECT_EQ(refusal(memory + 60, host, 5),
            "expects a range that the device copies to to lie in one "
            "allocation, but its 5 bytes go beyond one of 64");
  EXPECT_EQ(refusal(host, memory - 1, 2),
            "expects a range that the device copies from to lie in one "
            "allocation, but its 2 bytes go beyond one of 64");
  EXPECT_THAT(refusal(host, memory + (1 << 20), 1),
              HasSubstr("but there is none at its beginning"));
  emulator.machine.release(memory);
  EXPECT_THAT(refusal(host, memory, 1), HasSubstr("but it has been released"));
}

TEST(EmulatedMemory, IsLimited) {
  Emulator emulator;
  EXPECT_THROW(emulator.machine.allocate(uint64_t(1) << 45), std::bad_alloc);
  EXPECT_THROW(emulator.machine.allocate(UINT64_MAX), std::bad_alloc);
}

} // namespace
