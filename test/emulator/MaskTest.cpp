// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lanes of a warp that wait for each other have to execute the same operation
// with the same mask.

#include "Emulator.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

using None = int;

std::string faultOf(void (*body)(Gpu, const None &), uint32_t threads = 32) {
  return Emulator().launch<None>(body, {1, threads, 0}, 0).fault;
}

TEST(EmulatedMask, IsInItsOwnMask) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) { gpu.warpBarrier(1, 0xFF); }),
            "kernel k, block (0, 0, 0), thread (8, 0, 0), op1 at k.mlir:1: "
            "expects the mask of a warp's operation to name its own lane 8, "
            "but it names lanes 0-7");
}

TEST(EmulatedMask, HasTheLanesOfItsMask) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) { gpu.warpBarrier(1); }, 20),
              HasSubstr("expects the mask of a warp's operation to name lanes "
                        "of its 20, but it names lanes 0-31"));
}

TEST(EmulatedMask, AgreesOnItsMask) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                gpu.warpBarrier(1, gpu.lane() < 16 ? 0xFFFFFFFF : 0xFFFFFFFE);
              }),
              HasSubstr("thread (16, 0, 0), op1 at k.mlir:1: expects lanes "
                        "1-31 to execute the same operation with the same "
                        "mask, but lane 1 waits in op1 at k.mlir:1 for lanes "
                        "0-31"));
}

TEST(EmulatedMask, AgreesOnItsInstruction) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                gpu.shuffle(0, 1, 0, 31, gpu.lane() < 31 ? 1 : 2);
              }),
              HasSubstr("thread (31, 0, 0), op2 at k.mlir:2: expects lanes "
                        "0-31 to execute the same operation with the same "
                        "mask, but lane 0 waits in op1 at k.mlir:1"));
  // Lanes may reach a warp barrier through different instructions.
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              gpu.warpBarrier(gpu.lane() < 31 ? 1 : 2);
            }),
            "");
}

TEST(EmulatedMask, MayMeetInParts) {
  EXPECT_EQ(faultOf([](Gpu gpu, const None &) {
              if (gpu.lane() == 1)
                gpu.warpBarrier(1, 2); // lane 1 alone, while lane 0 waits
              if (gpu.lane() < 2)
                gpu.warpBarrier(2, 3);
              gpu.warpBarrier(3);
            }),
            "");
}

TEST(EmulatedMask, WaitsForLanesThatNeverCome) {
  EXPECT_THAT(faultOf([](Gpu gpu, const None &) {
                if (gpu.lane() != 7)
                  gpu.shuffle(0, 1, 0);
              }),
              HasSubstr("none can go on; of warp 0 lanes 7 exited, lanes 0-6, "
                        "8-31 wait for lanes 0-31 in op0 at k.mlir:0"));
}

} // namespace
