// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regions: a pointer reaches its region, and no valid memory beside it.

#include "Touch.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// The bytes before and after the region belong to the same allocation.
TEST(EmulatedRegions, EndBeforeTheirNeighbours) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(300);
  EXPECT_EQ(faultOf(emulator, {memory + 100, 0, 100}), "");
  EXPECT_EQ(faultOf(emulator, {memory + 100, 99, 100}), "");
  EXPECT_EQ(faultOf(emulator, {memory + 100, 100, 100}),
            here + "expects an access within the 100 bytes of its region, but "
                   "it loads 1 bytes at offset 100");
  EXPECT_EQ(faultOf(emulator, {memory + 100, -1, 100}),
            here + "expects an access within the 100 bytes of its region, but "
                   "it loads 1 bytes at offset -1");
}

TEST(EmulatedRegions, OnlyGetSmaller) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(300);
  auto widen = [](Gpu gpu, const Touch &touch) {
    gpu.bounded(gpu.bounded(touch.memory, 100), 101);
  };
  EXPECT_THAT(
      emulator.launch<Touch>(widen, {1, 1, 0}, {memory, 0, 0}).fault,
      HasSubstr("op0 at k.mlir:0: expects an access within the 100 bytes"));
}

/// Different pointers have different regions, and an equal region is used
/// again.
TEST(EmulatedRegions, AreMany) {
  Emulator emulator;
  char *memory = emulator.allocate<char>(1 << 17);
  auto make = [](Gpu gpu, const Touch &touch) {
    for (int64_t i = 0; i < touch.offset; ++i)
      gpu.load(gpu.bounded(touch.memory + i, 1), 1);
    for (int64_t i = 0; i < touch.offset; ++i)
      gpu.bounded(touch.memory + i, 1);
  };
  EXPECT_EQ(emulator.launch<Touch>(make, {1, 1, 0}, {memory, 65535, 0}).fault,
            "");
  EXPECT_THAT(emulator.launch<Touch>(make, {1, 1, 0}, {memory, 65536, 0}).fault,
              HasSubstr("expects a block to have at most 65535 regions"));
}

TEST(EmulatedRegions, AreNotPartOfNumbers) {
  Emulator emulator;
  auto *out = emulator.allocate<uint64_t>(2);
  auto write = [](Gpu gpu, uint64_t *const &out) {
    uint64_t *mine = gpu.bounded(out, 16);
    gpu.store(mine, gpu.calls().number(gpu.self, mine + 1), 1);
    gpu.store(mine + 1, gpu.calls().number(gpu.self, gpu.shared(12)), 1);
  };
  EXPECT_EQ(emulator.launch<uint64_t *>(write, {1, 1, 64}, out).fault, "");
  std::vector<uint64_t> numbers = emulator.download(out, 2);
  EXPECT_EQ(numbers[0], reinterpret_cast<uint64_t>(out + 1));
  EXPECT_EQ(numbers[1], 12u);
}

} // namespace
