// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What launches do inside the SMs and move from the L2 cache, computed by hand.

#include "Shapes.h"

#include <gtest/gtest.h>
#include <string>

using namespace moelora::cost;

namespace {

/// 132 tiles of one expert with one adapter, on a GPU of which only the SMs
/// limit.
struct OneExpert {
  LayerShape layer = {2048, 128, 1, 1};
  Tile tile = {256, 128, 64, 4, 2, 3};
  Gpu gpu = h200();
  int64_t adapters = 1;
  double groups = (132 * 128 + 3.5) / 8; // of 8 rows

  OneExpert() {
    gpu.bandwidth = gpu.l2Bandwidth = 1e18;
    gpu.launchSeconds = 0;
  }

  /// Cycles of all SMs that a launch takes, without `latency` seconds.
  double cycles(const char *name, int64_t rank, double latency = 0) const {
    Schedule schedule = {Strategy::InPlace, tile, tile};
    Estimate whole =
        estimate(gpu, layer, {132 * 128, rank ? adapters : 0, rank}, schedule);
    for (const Launch &launch : whole.launches)
      if (launch.name == std::string(name))
        return (launch.seconds - latency) * 0.9 * gpu.clock * 132;
    ADD_FAILURE() << "no launch " << name;
    return 0;
  }
};

TEST(Sm, lora_in_the_accumulators_by_hand) {
  OneExpert one;
  // Per row group and 64 of 256 features: 4 mma of B u and 2 of A a at rank 16,
  // on four sub-cores.
  double times = one.groups * 256 / 64 / 4;
  EXPECT_NEAR(one.cycles("gate_up", 16) - one.cycles("gate_up", 0),
              times * (4 + 2) * 6.4, 1);
  // Each adapter but the first begins in the middle of a group.
  one.adapters = 5;
  EXPECT_NEAR(one.cycles("gate_up", 16) - one.cycles("gate_up", 0),
              (times + 4 * 256.0 / 64 / 4) * (4 + 2) * 6.4, 1);
  one.adapters = 1;
  // If mma took no time, their instructions would limit at rank 1024.
  one.gpu.mmaCycles = 1e-6;
  double step = cyclesPerStep(one.gpu, one.tile).issue;
  double tail =
      (0.6e-6 + 32 * cyclesPerStep(one.gpu, one.tile).most() / one.gpu.clock) /
      2;
  EXPECT_NEAR(one.cycles("gate_up", 1024, tail),
              132 * 32 * step + times * (55 + 20 * 64 + 25 + 24 * 64), 1);
}

TEST(Sm, shrink_by_hand) {
  OneExpert one;
  // Gate and up, 64 pages of ranks, 2048 columns.
  double mmas = one.groups * 2 * 64 * (2048 / 16), tail = 0.5e-6;
  EXPECT_NEAR(one.cycles("shrink", 1024, tail), mmas * 6.4 / 4, 1);
  one.gpu.mmaCycles = 1e-6;
  EXPECT_NEAR(one.cycles("shrink", 1024, tail), mmas * 4 / 4, 1);
}

/// Bytes from the L2 cache, measured on a GPU of which only the cache limits.
double l2Bytes(const LayerShape &layer, const Batch &batch, const char *name) {
  Gpu gpu = h200();
  gpu.bandwidth = 1e18;
  gpu.l2Bandwidth = 1;
  for (const Launch &launch :
       estimate(gpu, layer, batch, {Strategy::InPlace, middleTile, middleTile})
           .launches)
    if (launch.name == std::string(name))
      return launch.seconds;
  ADD_FAILURE() << "no launch " << name;
  return 0;
}

TEST(L2, bytes_by_hand) {
  // One expert, 96 tokens with an adapter of rank 16: tiles of 64 and 32
  // tokens, 2 tiles of gate and up and 16 of down.
  LayerShape layer = {2048, 128, 1, 1};
  Batch batch = {96, 1, 16};
  double planned = 96 * 8 + 32, a = 96 * 128 * 2, u = 96 * 16 * 2;
  double gateUp = 2 * 2048 * ((128 + 64) + (128 + 32)) * 2;
  double down = 16 * 128 * ((128 + 64) + (128 + 32)) * 2;
  double rank = 16 * 2;
  EXPECT_NEAR(l2Bytes(layer, batch, "shrink"),
              planned + rank * 2 * 2048 + 2 * u + 96 * 2048 * 2, 1e-3);
  EXPECT_NEAR(l2Bytes(layer, batch, "gate_up"),
              planned + gateUp + a + rank * 2 * 128 + 2 * u +
                  2 * (2 * 96 * 16 * 4) + rank * 128 + u,
              1e-3);
  EXPECT_NEAR(l2Bytes(layer, batch, "down"),
              planned + down + 2 * (96 * 2048 * 4) + 96 * 2048 * 2 +
                  rank * 2048 + u,
              1e-3);
}

} // namespace
