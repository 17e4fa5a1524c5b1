// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread blocks that an SM holds, by what limits them.

#include "moelora/cost/Occupancy.h"

#include <gtest/gtest.h>

using namespace moelora::cost;

namespace {

int64_t blocks(int64_t architecture, BlockUse use) {
  return residentBlocks(*defaultGpu(architecture), use);
}

TEST(Occupancy, of_shared_memory) {
  // 1 KiB more than the kernel requests.
  EXPECT_EQ(blocks(80, {128, 32, 81 * 1024}), 2);
  EXPECT_EQ(blocks(80, {128, 32, 82 * 1024}), 1);
  EXPECT_EQ(blocks(80, {128, 32, 163 * 1024}), 1);
  EXPECT_EQ(blocks(80, {128, 32, 164 * 1024}), 0);
  EXPECT_EQ(blocks(90, {128, 32, 75 * 1024}), 3);
}

TEST(Occupancy, of_registers) {
  EXPECT_EQ(blocks(80, {256, 128, 0}), 2);
  EXPECT_EQ(blocks(80, {256, 129, 0}), 1); // 136 of them
  EXPECT_EQ(blocks(80, {256, 255, 0}), 1);
  EXPECT_EQ(blocks(80, {512, 255, 0}), 0);
  EXPECT_EQ(blocks(80, {160, 128, 0}), 2); // as 8 warps: 2 for each sub-core
}

TEST(Occupancy, of_warps_and_blocks) {
  EXPECT_EQ(blocks(80, {1024, 16, 0}), 2);
  EXPECT_EQ(blocks(86, {1024, 16, 0}), 1);
  EXPECT_EQ(blocks(80, {33, 16, 0}), 32);
  EXPECT_EQ(blocks(80, {32, 16, 0}), 32);
  EXPECT_EQ(blocks(86, {32, 16, 0}), 16);
  EXPECT_EQ(blocks(89, {32, 16, 0}), 24);
  EXPECT_EQ(blocks(120, {32, 16, 0}), 24);
}

} // namespace
