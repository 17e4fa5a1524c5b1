// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of GPUs agrees with itself and with what CUDA documents.

#include "moelora/cost/Gpu.h"

#include <gtest/gtest.h>

using namespace moelora::cost;

namespace {

TEST(Gpu, the_default_of_an_architecture) {
  EXPECT_STREQ(defaultGpu(80)->name, "A100");
  EXPECT_STREQ(defaultGpu(86)->name, "A10");
  EXPECT_STREQ(defaultGpu(89)->name, "L4");
  EXPECT_STREQ(defaultGpu(90)->name, "H200");
  EXPECT_STREQ(defaultGpu(120)->name, "RTX PRO 6000 Blackwell");
}

TEST(Gpu, unknown_architectures_have_no_description) {
  for (int64_t architecture : {-1, 0, 75, 81, 100, 900})
    EXPECT_FALSE(defaultGpu(architecture)) << architecture;
}

TEST(Gpu, shared_memory_of_a_thread_block_in_kib) {
  EXPECT_EQ(defaultGpu(80)->sharedLimit(), 163 * 1024);
  EXPECT_EQ(defaultGpu(86)->sharedLimit(), 99 * 1024);
  EXPECT_EQ(defaultGpu(89)->sharedLimit(), 99 * 1024);
  EXPECT_EQ(defaultGpu(90)->sharedLimit(), 227 * 1024);
  EXPECT_EQ(defaultGpu(120)->sharedLimit(), 99 * 1024);
}

TEST(Gpu, cycles_of_an_mma_agree_with_the_peak) {
  for (const Gpu &gpu : gpus()) {
    // 16 x 8 x 16 multiply-adds on four sub-cores. The peak of sm_90 is that of
    // wgmma; mma.sync reaches 62 % of it.
    double reached = double(gpu.sms) * gpu.clock * 4 * (2 * 16 * 8 * 16) /
                     gpu.mmaCycles / gpu.tensorPeak;
    EXPECT_NEAR(reached, gpu.architecture == 90 ? 0.62 : 1, 0.01) << gpu.name;
  }
}

TEST(Gpu, the_l2_cache_is_faster_than_memory) {
  for (const Gpu &gpu : gpus())
    EXPECT_GT(gpu.l2Bandwidth, gpu.bandwidth) << gpu.name;
}

} // namespace
