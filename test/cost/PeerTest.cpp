// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The terms of the peer's launches, computed by hand.

#include "Shapes.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

using namespace moelora::cost;

namespace {

constexpr double us = 1e-6;

Launch launchOf(const LayerShape &layer, const Batch &batch,
                const std::string &name) {
  Schedule schedule = {Strategy::UnfusedPeer, middleTile, middleTile};
  for (const Launch &launch : estimate(h200(), layer, batch, schedule).launches)
    if (launch.name == name)
      return launch;
  ADD_FAILURE() << "no launch " << name;
  return {};
}

TEST(Peer, bytes_by_hand) {
  // One token with an adapter of rank 16: 2 rows, 2 experts, 2 segments.
  LayerShape layer = {64, 32, 4, 2};
  auto bytes = [&](const char *name) {
    return launchOf(layer, {1, 1, 16}, name).bytes;
  };
  double x = 64 * 2, gateUp = 2 * (2 * 32) * 2, a = 2 * 32 * 2,
         rows = 2 * 64 * 2;
  EXPECT_DOUBLE_EQ(bytes("gate_up"), 2 * 64 * 64 * 2 + x + gateUp);
  EXPECT_DOUBLE_EQ(bytes("down"), 2 * 64 * 32 * 2 + a + rows);
  // Pages of A and B, and rows that are read and written.
  EXPECT_DOUBLE_EQ(bytes("gate_up_lora"),
                   2 * 2 * 16 * (64 + 32) * 2 + 2 * gateUp);
  EXPECT_DOUBLE_EQ(bytes("down_lora"), 2 * 16 * (32 + 64) * 2 + 2 * rows);
  // These have their input in the L2 cache.
  EXPECT_EQ(bytes("activation"), 0);
  EXPECT_EQ(bytes("sum"), 0);
  EXPECT_DOUBLE_EQ(launchOf(qwen3, {8192}, "activation").bytes,
                   65536.0 * (2 * 768 + 768) * 2);
  EXPECT_DOUBLE_EQ(launchOf(qwen3, {8192}, "sum").bytes,
                   (65536.0 + 8192) * 2048 * 2);
}

TEST(Peer, lora_waits_for_one_load_after_another) {
  // 16 steps of A and 6 of B, one page of ranks.
  double block = 1.7 + 16 * (0.44 + 0.19) + 6 * (0.43 + 0.07);
  Launch launch = launchOf(qwen3, {1, 8, 16}, "gate_up_lora");
  EXPECT_NEAR(launch.seconds, (2.5 + block) * us, 1e-12);
  EXPECT_EQ(launch.limiter, Limiter::Latency);
  // Four pages.
  block = 1.7 + 6 * (0.44 + 4 * 0.19) + 16 * (0.43 + 4 * 0.07);
  EXPECT_NEAR(launchOf(qwen3, {1, 8, 64}, "down_lora").seconds,
              (2.5 + block) * us, 1e-12);
}

TEST(Peer, lora_takes_several_waves_of_thread_blocks) {
  // Gate and up of each segment, four thread blocks an SM, or two from 1024
  // tokens on.
  double block = 1.7 + 16 * (0.44 + 0.19) + 6 * (0.43 + 0.07);
  for (int64_t tokens : {256, 1024}) {
    double blocks = 2 * expectedSegments(qwen3, tokens, 32);
    double waves = blocks / (132 * (tokens < 1024 ? 4 : 2));
    ASSERT_GT(waves, 3);
    EXPECT_NEAR(launchOf(qwen3, {tokens, 32, 16}, "gate_up_lora").seconds,
                (2.5 + waves * block) * us, 1e-12);
  }
}

} // namespace
