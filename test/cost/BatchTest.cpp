// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many experts, segments and tiles a batch needs, and the floor.

#include "Shapes.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace moelora::cost;

namespace {

TEST(Counts, by_hand) {
  LayerShape layer = {64, 32, 4, 2};
  EXPECT_DOUBLE_EQ(expectedExperts(layer, 1), 2);
  EXPECT_DOUBLE_EQ(expectedExperts(layer, 2), 4 * (1 - 0.25));
  // Two adapters with two tokens each.
  EXPECT_DOUBLE_EQ(expectedSegments(layer, 4, 2), 2 * 4 * (1 - 0.25));
}

TEST(Counts, more_adapters_than_tokens) {
  EXPECT_DOUBLE_EQ(expectedSegments(qwen3, 4, 32), 4 * 8);
  EXPECT_DOUBLE_EQ(expectedSegments(qwen3, 4, 4), 4 * 8);
}

TEST(Counts, degenerate_batches) {
  LayerShape all = {64, 32, 4, 4}; // k = E
  EXPECT_DOUBLE_EQ(expectedExperts(all, 1), 4);
  EXPECT_DOUBLE_EQ(expectedExperts(all, 1000), 4);
  EXPECT_DOUBLE_EQ(expectedSegments(all, 1000, 3), 12);
  for (int64_t tokens :
       {int64_t(0), int64_t(-1), std::numeric_limits<int64_t>::min()}) {
    EXPECT_EQ(expectedExperts(all, tokens), 0);
    EXPECT_EQ(expectedSegments(all, tokens, 3), 0);
  }
  EXPECT_EQ(expectedSegments(all, 1000, 0), 0);
  EXPECT_EQ(expectedCounts(all, {10, 3, 0}).segments, 0); // rank 0
  EXPECT_EQ(expectedExperts({64, 32, 0, 0}, 10), 0);
}

TEST(Counts, grow_up_to_all) {
  for (const LayerShape &layer : shapes) {
    double experts = 0, segments = 0;
    for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 2) {
      Counts counts = expectedCounts(layer, {tokens, 8, 16});
      EXPECT_GE(counts.experts, experts);
      EXPECT_GE(counts.segments, segments);
      EXPECT_LE(counts.experts, double(layer.experts));
      EXPECT_LE(counts.segments, 8 * double(layer.experts));
      EXPECT_LE(counts.experts, counts.segments * (1 + 1e-12));
      EXPECT_LE(counts.segments, counts.rows * (1 + 1e-12));
      experts = counts.experts;
      segments = counts.segments;
    }
  }
}

TEST(Tiles, remainders_are_in_the_smallest_body) {
  LayerShape one = {64, 32, 1, 1};
  // 200 = 3 x 64 + 8; 201 needs a body of 16 for its remainder of 9.
  auto tiles = expectedTiles(one, 200, tileBodies(middleTile));
  ASSERT_EQ(tiles.size(), 4u);
  EXPECT_DOUBLE_EQ(tiles[3].tiles, 3);
  EXPECT_DOUBLE_EQ(tiles[0].tiles, 1);
  tiles = expectedTiles(one, 201, tileBodies(middleTile));
  EXPECT_DOUBLE_EQ(tiles[0].tiles, 0);
  EXPECT_DOUBLE_EQ(tiles[1].tiles, 1);
  EXPECT_DOUBLE_EQ(expectedTiles(one, 64, {middleTile})[0].tiles, 1);
  EXPECT_DOUBLE_EQ(expectedTiles(one, 65, {middleTile})[0].tiles, 2);
}

TEST(Tiles, follow_the_binomial_distribution) {
  // Two experts, three tokens: an expert has 0 ... 3 rows with probability 1/8,
  // 3/8, 3/8, 1/8. Tiles of one and of two tokens.
  LayerShape two = {64, 32, 2, 1};
  Tile single = middleTile, pair = middleTile;
  single.tokens = 1;
  pair.tokens = 2;
  auto tiles = expectedTiles(two, 3, {single, pair});
  EXPECT_NEAR(tiles[0].tiles, 2 * (3 / 8.0 + 1 / 8.0), 1e-12);
  EXPECT_NEAR(tiles[1].tiles, 2 * (3 / 8.0 + 1 / 8.0), 1e-12);
}

TEST(Tiles, agree_with_rows_and_experts) {
  Tile single = middleTile, unlimited = middleTile;
  single.tokens = 1;
  for (const LayerShape &layer : shapes)
    for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 4) {
      Counts counts = expectedCounts(layer, {tokens});
      unlimited.tokens = tokens;
      EXPECT_NEAR(expectedTiles(layer, tokens, {single})[0].tiles / counts.rows,
                  1, 1e-12);
      EXPECT_NEAR(expectedTiles(layer, tokens, {unlimited})[0].tiles /
                      counts.experts,
                  1, 1e-12);
    }
}

TEST(Tiles, degenerate_batches) {
  auto bodies = tileBodies(middleTile);
  for (const TileCount &count : expectedTiles(qwen3, 0, bodies))
    EXPECT_EQ(count.tiles, 0);
  for (const TileCount &count : expectedTiles(qwen3, -5, bodies))
    EXPECT_EQ(count.tiles, 0);
  // As many as possible, in bounded time.
  int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_NEAR(expectedTiles(qwen3, most, {middleTile})[0].tiles /
                  (double(most) * 8 / 64),
              1, 1e-6);
}

/// Microseconds, rounded as in the tables of the design.
int64_t floorUs(int64_t tokens, int64_t adapters) {
  return std::llround(floorOf(h200(), qwen3, {tokens, adapters, 16}).seconds() *
                      1e6);
}

TEST(Floor, of_qwen3_on_h200) {
  struct {
    int64_t tokens, base, adapted;
  } rows[] = {{1, 18, 18},     {4, 64, 66},     {16, 181, 189},
              {64, 277, 303},  {256, 283, 339}, {1024, 289, 353},
              {8192, 783, 850}};
  for (const auto &row : rows) {
    EXPECT_EQ(floorUs(row.tokens, 0), row.base) << row.tokens;
    EXPECT_EQ(floorUs(row.tokens, 8), row.adapted) << row.tokens;
  }
}

TEST(Floor, by_hand) {
  // One token, one adapter of rank 16 on H200: 8 experts and segments are read.
  double weights = 8 * 2048 * 768 * 2.0, x = 2048 * 2, a = 8 * 768 * 2;
  double pages = 8 * 3 * 16 * (2048 + 768) * 2.0, u = 12 * 8 * 16;
  Floor floor = floorOf(h200(), qwen3, {1, 1, 16});
  EXPECT_DOUBLE_EQ(floor.gateUp, (2 * weights + x + a) / 4.3e12);
  EXPECT_DOUBLE_EQ(floor.down, (weights + x + a) / 4.3e12);
  EXPECT_DOUBLE_EQ(floor.lora, (pages + u) / 4.3e12);
  // Many tokens: products limit the base.
  floor = floorOf(h200(), qwen3, {16384});
  EXPECT_DOUBLE_EQ(floor.gateUp, 4.0 * 16384 * 8 * 2048 * 768 / 790e12);
  EXPECT_DOUBLE_EQ(floor.down, floor.gateUp / 2);
  EXPECT_EQ(floor.lora, 0);
}

TEST(Floor, of_counted_experts) {
  LayerShape plain = {64, 32, 4, 2, 1, false}; // 8-bit weights, up alone
  Floor floor = floorOf(h200(), plain, {3, 2, 16}, {6, 3, 5});
  double x = 3 * 64 * 2, a = 6 * 32 * 2;
  EXPECT_DOUBLE_EQ(floor.gateUp, (3 * 64 * 32 + x + a) / 4.3e12);
  EXPECT_DOUBLE_EQ(floor.down, (3 * 64 * 32 + x + a) / 4.3e12);
  EXPECT_DOUBLE_EQ(floor.lora,
                   (5 * 2 * 16 * (64 + 32) * 2 + 8 * 6 * 16) / 4.3e12);
}

TEST(Floor, grows_with_tokens_adapters_and_rank) {
  for (const Gpu &gpu : gpus())
    for (const LayerShape &layer : shapes)
      for (int64_t tokens = 1; tokens <= mostTokens; tokens *= 2) {
        double floor = floorOf(gpu, layer, {tokens, 8, 16}).seconds();
        EXPECT_GT(floor, floorOf(gpu, layer, {tokens}).seconds());
        EXPECT_GT(floor, floorOf(gpu, layer, {tokens, 8, 8}).seconds());
        EXPECT_GE(floor, floorOf(gpu, layer, {tokens, 4, 16}).seconds());
        EXPECT_GT(floorOf(gpu, layer, {2 * tokens, 8, 16}).seconds(), floor);
      }
}

} // namespace
