// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The time of whole layers.

#include "Shapes.h"

#include <gtest/gtest.h>

using namespace moelora::cost;

namespace {

double bestUs(const Gpu &gpu, const LayerShape &layer, const Batch &batch,
              Strategy strategy = Strategy::InPlace) {
  return choose(gpu, layer, batch, strategy).front().seconds * 1e6;
}

/// The figures of the design were modelled before kernels existed. This model
/// differs from it as follows.
///
/// - Each launch loses half a tile's time at its end.
/// - Tiles are counted with the distribution of an expert's rows, and its
///   remainder is in a smaller body; the design multiplied by 1.05 to 1.25. It
///   took 85 % of a tile's bound, and the bound of 128 tokens was the only one
///   of warp tiles 64 x 64. Here it is 90 %, the idle end of a launch is
///   counted separately, and 256 x 64 exists: between +3 % at 1024 tokens and
///   -5 % at 8192.
/// - Partial sums of u2 at rank 64 and 8192 tokens overlap with products that
///   take longer, so that a launch is saved: -8 %.
TEST(Estimate, is_near_the_design_for_qwen3_on_h200) {
  struct {
    int64_t tokens;
    double base, rank16, rank64; // us
  } rows[] = {{1, 25, 29, 30},         {4, 75, 80, 87},
              {16, 202, 214, 240},     {64, 307, 338, 423},
              {256, 316, 381, 566},    {1024, 356, 441, 654},
              {8192, 1568, 1709, 1949}};
  for (const auto &row : rows) {
    double allowed = row.tokens == 1 || row.tokens == 8192 ? 0.085 : 0.05;
    auto ratio = [&](Batch batch, double design) {
      return bestUs(h200(), qwen3, batch) / design;
    };
    EXPECT_NEAR(ratio({row.tokens}, row.base), 1, allowed) << row.tokens;
    EXPECT_NEAR(ratio({row.tokens, 8, 16}, row.rank16), 1, allowed)
        << row.tokens;
    EXPECT_NEAR(ratio({row.tokens, 8, 64}, row.rank64), 1, allowed)
        << row.tokens;
  }
}

TEST(Estimate, is_not_below_the_floor) {
  for (const Gpu &gpu : gpus())
    for (const LayerShape &layer : shapes)
      for (const Adapters &some : adapters)
        for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 4) {
          Batch batch = {tokens, some.count, some.rank};
          Floor floor = floorOf(gpu, layer, batch);
          // The part of adapters may overlap with the base.
          EXPECT_GT(bestUs(gpu, layer, batch),
                    (floor.gateUp + floor.down) * 1e6)
              << gpu.name << " " << tokens;
          if (batch.adapted())
            EXPECT_GT(bestUs(gpu, layer, batch), floor.lora * 1e6);
        }
}

TEST(Estimate, grows_with_tokens) {
  for (const Gpu &gpu : gpus())
    for (const LayerShape &layer : shapes)
      for (const Adapters &some : adapters) {
        double before = 0;
        for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 2) {
          double now = estimate(gpu, layer, {tokens, some.count, some.rank},
                                {Strategy::InPlace,
                                 {128, 64, 64, 2, 2, 3},
                                 {128, 64, 64, 2, 2, 3}})
                           .seconds();
          EXPECT_GT(now, before) << gpu.name << " " << tokens;
          before = now;
        }
      }
}

TEST(Estimate, grows_with_rank_and_adapters) {
  for (Strategy strategy : {Strategy::InPlace, Strategy::UnfusedPeer})
    for (const LayerShape &layer : shapes)
      for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 4) {
        double before = bestUs(h200(), layer, {tokens}, strategy);
        for (const Adapters &some : {Adapters{1, 16}, {4, 16}, {4, 64}}) {
          double now =
              bestUs(h200(), layer, {tokens, some.count, some.rank}, strategy);
          // One token uses one adapter, and what a LoRA kernel of the peer
          // takes for few tokens does not depend on their number.
          if (tokens == 1 || strategy == Strategy::UnfusedPeer)
            EXPECT_GE(now, before);
          else
            EXPECT_GT(now, before) << tokens;
          before = now;
        }
      }
}

TEST(Estimate, ranks_are_rounded_up_to_pages) {
  EXPECT_EQ(bestUs(h200(), qwen3, {64, 8, 1}),
            bestUs(h200(), qwen3, {64, 8, 16}));
  EXPECT_LT(bestUs(h200(), qwen3, {64, 8, 16}),
            bestUs(h200(), qwen3, {64, 8, 17}));
}

TEST(Estimate, a_faster_gpu_is_not_slower) {
  for (double Gpu::*rate : {&Gpu::bandwidth, &Gpu::clock, &Gpu::l2Bandwidth})
    for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 4) {
      Gpu faster = h200();
      faster.*rate *= 2;
      EXPECT_LE(bestUs(faster, qwen3, {tokens, 8, 16}),
                bestUs(h200(), qwen3, {tokens, 8, 16}));
    }
  Gpu overlapping = h200(); // programmatic dependent launch
  overlapping.launchSeconds = 1.2e-6;
  EXPECT_NEAR(bestUs(h200(), qwen3, {1}) - bestUs(overlapping, qwen3, {1}),
              2 * 1.3, 1e-6);
}

TEST(Estimate, smaller_weights_save_time) {
  LayerShape quantised = qwen3;
  quantised.weightBytes = 0.5;
  EXPECT_LT(bestUs(h200(), quantised, {64}), bestUs(h200(), qwen3, {64}) / 2);
  LayerShape plain = qwen3;
  plain.gated = false;
  EXPECT_LT(bestUs(h200(), plain, {64}), bestUs(h200(), qwen3, {64}) * 0.7);
}

TEST(Estimate, in_place_beats_the_peer) {
  for (const Gpu &gpu : gpus())
    for (const LayerShape &layer : shapes)
      for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 4)
        EXPECT_LT(bestUs(gpu, layer, {tokens, 8, 16}),
                  bestUs(gpu, layer, {tokens, 8, 16}, Strategy::UnfusedPeer))
            << gpu.name << " " << tokens;
}

TEST(Estimate, of_counted_experts_and_segments) {
  Batch batch = {256, 8, 16};
  Schedule schedule = {Strategy::InPlace, middleTile, middleTile, true};
  Counts counts = expectedCounts(qwen3, batch);
  auto expected = estimate(h200(), qwen3, batch, schedule);
  auto counted = estimate(h200(), qwen3, batch, schedule, counts);
  EXPECT_EQ(counted.seconds(), expected.seconds());
  counts.experts /= 2;
  auto fewer = estimate(h200(), qwen3, batch, schedule, counts);
  for (size_t launch = 0; launch < expected.launches.size(); ++launch)
    EXPECT_LE(fewer.launches[launch].touched,
              expected.launches[launch].touched);
  EXPECT_LT(fewer.seconds(), expected.seconds());
}

TEST(Estimate, no_rows_take_no_time) {
  for (const Adapters &some : adapters) {
    Batch none = {0, some.count, some.rank};
    EXPECT_EQ(choose(h200(), qwen3, none).front().seconds, 0);
    EXPECT_EQ(floorOf(h200(), qwen3, none).seconds(), 0);
  }
}

} // namespace
