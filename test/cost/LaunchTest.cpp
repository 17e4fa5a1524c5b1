// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The terms of single launches, computed by hand.

#include "Shapes.h"

#include <cmath>
#include <gtest/gtest.h>
#include <string>

using namespace moelora::cost;

namespace {

const Launch *find(const Estimate &estimate, const std::string &name) {
  for (const Launch &launch : estimate.launches)
    if (launch.name == name)
      return &launch;
  return nullptr;
}

std::string names(const Estimate &estimate) {
  std::string all;
  for (const Launch &launch : estimate.launches)
    all += (all.empty() ? "" : " ") + std::string(launch.name);
  return all;
}

constexpr Schedule middle = {Strategy::InPlace, middleTile, middleTile};
constexpr Schedule separate = {Strategy::InPlace, middleTile, middleTile, true};
constexpr Schedule peer = {Strategy::UnfusedPeer, middleTile, middleTile};

TEST(Launches, in_place) {
  auto of = [](Batch batch, const Schedule &schedule) {
    return names(estimate(h200(), qwen3, batch, schedule));
  };
  // 64 tokens have 512 rows.
  EXPECT_EQ(of({64}, middle), "gate_up down");
  EXPECT_EQ(of({64, 8, 16}, middle), "shrink gate_up down");
  EXPECT_EQ(of({65}, middle), "plan gate_up down");
  EXPECT_EQ(of({65, 8, 16}, middle), "plan shrink gate_up down");
  EXPECT_EQ(of({65, 8, 16}, separate), "plan shrink gate_up shrink_down down");
  EXPECT_EQ(of({65, 8, 0}, separate), "plan gate_up down"); // rank 0
  EXPECT_EQ(of({0, 8, 16}, middle), "");
}

TEST(Launches, unfused_peer) {
  auto of = [](Batch batch) {
    return names(estimate(h200(), qwen3, batch, peer));
  };
  EXPECT_EQ(of({16}), "gate_up activation down sum");
  EXPECT_EQ(of({16, 8, 16}), "gate_up lora_align gate_up_lora activation down "
                             "down_lora sum");
  EXPECT_EQ(of({17}), "align count gate_up activation down sum");
  EXPECT_EQ(of({17, 8, 16}),
            "align count gate_up lora_align lora_count gate_up_lora activation "
            "down down_lora sum");
}

TEST(Launches, bytes_and_operations_by_hand) {
  // One token with an adapter of rank 16: 2 rows, 2 experts, 2 segments.
  LayerShape layer = {64, 32, 4, 2};
  Estimate whole = estimate(h200(), layer, {1, 1, 16}, middle);
  ASSERT_EQ(names(whole), "shrink gate_up down");
  double planned = 2 * 8 + 2 * 32, x = 64 * 2, a = 2 * 32 * 2;
  double a13 = 2 * 2 * 16 * 64 * 2, b13 = 2 * 2 * 16 * 32 * 2;
  double a2 = 2 * 16 * 32 * 2, b2 = 2 * 16 * 64 * 2;
  double u1 = 2 * 2 * 16 * 2, u2 = 2 * 16 * 2;
  // 64 rows of gate and up are one tile of 128: one partial sum of each u2.
  double partials = 2 * 2 * 16 * 4;
  EXPECT_DOUBLE_EQ(whole.launches[0].bytes, planned + a13 + x + u1);
  EXPECT_DOUBLE_EQ(whole.launches[1].bytes, planned + 2 * 64 * 64 * 2 + x + a +
                                                b13 + u1 + partials + a2 + u2);
  // The f32 rows stay in the L2 cache.
  EXPECT_DOUBLE_EQ(whole.launches[2].bytes,
                   planned + 2 * 64 * 32 * 2 + a + 64 * 2 + b2 + u2);
  EXPECT_DOUBLE_EQ(whole.launches[0].flops, 2 * 2 * (2 * 16) * 64);
  EXPECT_DOUBLE_EQ(whole.launches[1].flops,
                   2 * 2 * 64 * 64 + 2 * 2 * 16 * 64 + 2 * 2 * 16 * 32);
  EXPECT_DOUBLE_EQ(whole.launches[2].flops, 2 * 2 * 64 * 32 + 2 * 2 * 16 * 64);
}

TEST(Launches, bytes_of_the_plan_by_hand) {
  // 1024 rows, of which each of the 4 experts and 2 adapters has some.
  LayerShape layer = {512, 32, 4, 2};
  Estimate whole = estimate(h200(), layer, {512, 2, 16}, middle);
  double rows = 1024 * 4 * 4, slots = 512 * 4; // id, pair, row, segment
  double tiles = 4 * 16, segments = 8 * (112 + 72);
  double counters = 512 * 4 * 4; // 512 columns of tiles of 128
  EXPECT_NEAR(find(whole, "plan")->bytes,
              rows + slots + tiles + segments + counters, 1e-3);
}

TEST(Launches, flops_are_those_of_the_definition) {
  for (const LayerShape &layer : shapes) {
    double all = 0, H = double(layer.hidden), I = double(layer.intermediate);
    Batch batch = {1024, 8, 24}; // a rank that fills no page
    for (const Launch &launch : estimate(h200(), layer, batch, middle).launches)
      all += launch.flops;
    double rows = 1024 * double(layer.topK);
    EXPECT_DOUBLE_EQ(all, 6 * rows * H * I + 6 * rows * 24 * (H + I));
  }
}

TEST(Launches, f32_rows_leave_the_cache) {
  // 4 P H bytes: 16.8 MB at 256 tokens, 67 MB at 1024, of a cache of 50 MiB.
  auto bytes = [](int64_t tokens) {
    return find(estimate(h200(), qwen3, {tokens}, middle), "down")->bytes;
  };
  auto once = [](double tokens) {
    double rows = 8 * tokens;
    return expectedExperts(qwen3, int64_t(tokens)) * 2048 * 768 * 2 +
           rows * 768 * 2 + tokens * 2048 * 2 + rows * 8;
  };
  EXPECT_DOUBLE_EQ(bytes(256), once(256));
  EXPECT_DOUBLE_EQ(bytes(1024), once(1024) + 8.0 * (1024 * 8) * 2048);
}

TEST(Launches, shrink_gathers_x_from_memory_in_prefill) {
  // x has 4.2 MB at 1024 tokens and 33.6 MB at 8192.
  auto bytes = [](int64_t tokens) {
    return find(estimate(h200(), qwen3, {tokens, 1, 16}, middle), "shrink")
        ->bytes;
  };
  auto rest = [](double tokens) {
    double rows = 8 * tokens, experts = expectedExperts(qwen3, int64_t(tokens));
    return experts * (2 * 16 * 2048 * 2 + 32) + rows * (2 * 16 * 2 + 8);
  };
  EXPECT_DOUBLE_EQ(bytes(1024), rest(1024) + 1024 * 2048 * 2);
  EXPECT_DOUBLE_EQ(bytes(8192), rest(8192) + 2.0 * (8192 * 8) * 2048);
}

TEST(Launches, time_of_a_gemm_by_hand) {
  // One expert, 132 tiles on 132 SMs, without LoRA: the tensor cores limit.
  LayerShape one = {2048, 128, 1, 1};
  Tile tile = {256, 128, 64, 4, 2, 3};
  Schedule schedule = {Strategy::InPlace, tile, tile};
  Estimate whole = estimate(h200(), one, {132 * 128}, schedule);
  const Launch &gateUp = *find(whole, "gate_up");
  double steps = 2048 / 64, cycles = 256 * 128 / 16 * 0.8, clock = 1.461e9;
  double alone = 0.6e-6 + steps * cycles / clock;
  EXPECT_EQ(gateUp.limiter, Limiter::Tensor);
  EXPECT_NEAR(gateUp.seconds,
              2.5e-6 + steps * cycles / (0.9 * clock) + alone / 2, 1e-12);
  // 16896 rows are sorted, in more than the least time.
  double bytes = 16896 * (16 + 4 + 16 * 4); // ids, rows, slots and counters
  EXPECT_NEAR(find(whole, "plan")->seconds,
              2.5e-6 + 1.8e-10 * 16896 + bytes / (0.92 * 4.3e12), 0.02e-6);
  EXPECT_EQ(find(whole, "plan")->limiter, Limiter::Latency);
}

TEST(Launches, time_of_reading_weights_by_hand) {
  // All experts with half a row each on average.
  const Launch gateUp = *find(estimate(h200(), qwen3, {8}, middle), "gate_up");
  // 32 steps of 576 cycles would be longer than a body of 8 tokens takes:
  // 128 + 8 for the copies, and 16 x 2.5 for each of 4 warps.
  double step = (128 + 8 + 4 * 4 * 4 * 2.5) / 1.461e9, arrival = 0.6e-6 / 3;
  ASSERT_GT(step, arrival);
  double tail = (0.6e-6 + 32 * step) / 2;
  EXPECT_EQ(gateUp.limiter, Limiter::Bandwidth);
  EXPECT_NEAR(gateUp.seconds,
              2.5e-6 + 0.7e-6 + gateUp.bytes / (0.92 * 4.3e12) + tail, 2e-9);
}

TEST(Launches, few_bytes_in_flight_limit_the_bandwidth) {
  // One expert, one tile: two of three stages of 17 KiB arrive in 0.6 us.
  LayerShape one = {1 << 20, 64, 1, 1};
  Schedule schedule = {Strategy::InPlace, {128, 8}, {128, 8}};
  const Launch gateUp = *find(estimate(h200(), one, {8}, schedule), "gate_up");
  double least = gateUp.bytes / (2 * 17 * 1024 / 0.6e-6);
  EXPECT_GT(gateUp.seconds, least);
  EXPECT_LT(gateUp.seconds, 2 * least);
}

TEST(Launches, a_tile_that_does_not_fit_takes_infinitely_long) {
  for (Tile tile : {Tile{0, 0}, Tile{256, 128, 64, 4, 2, 6}}) {
    EXPECT_EQ(estimate(h200(), qwen3, {64, 8, 16},
                       {Strategy::InPlace, middleTile, tile})
                  .seconds(),
              HUGE_VAL);
    EXPECT_EQ(estimate(h200(), qwen3, {64, 8, 16},
                       {Strategy::UnfusedPeer, tile, middleTile})
                  .seconds(),
              HUGE_VAL);
  }
}

} // namespace
