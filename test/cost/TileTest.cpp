// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What limits a tile, and what it occupies. Instructions, registers and shared
// memory are compared with those of compiled kernels.

#include "Shapes.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace moelora::cost;

namespace {

constexpr Tile largeTile = {256, 128, 64, 4, 2, 3};
constexpr Tile decodeTile = {32, 8, 64, 1, 1, 4, 4};

TEST(Tile, cycles_of_warp_tiles_64_x_32) {
  // 4 warps; per warp 4 x 4 x 4 mma and 4 x (4 + 2) ldmatrix.
  Cycles a100 = cyclesPerStep(*defaultGpu(80), middleTile);
  EXPECT_DOUBLE_EQ(a100.tensor, 64 * 8);
  EXPECT_DOUBLE_EQ(a100.tensor, 128 * 64 / 16.0);
  EXPECT_DOUBLE_EQ(a100.sharedMemory, 128 + 64 + 4 * 4 * (4 * 6));
  EXPECT_DOUBLE_EQ(a100.sharedMemory, 576);
  EXPECT_DOUBLE_EQ(a100.issue, 64 + 24 + 12 + 12);
  EXPECT_DOUBLE_EQ(a100.most(), 576);
  EXPECT_NEAR(cyclesPerStep(h200(), middleTile).tensor, 410, 0.5);
}

TEST(Tile, cycles_of_warp_tiles_64_x_64) {
  Cycles a100 = cyclesPerStep(*defaultGpu(80), largeTile);
  EXPECT_DOUBLE_EQ(a100.tensor, 2048);
  EXPECT_DOUBLE_EQ(a100.sharedMemory, 256 + 128 + 8 * 4 * (4 * 8));
  EXPECT_DOUBLE_EQ(a100.sharedMemory, 1408);
  EXPECT_DOUBLE_EQ(a100.most(), 2048);
  EXPECT_NEAR(cyclesPerStep(h200(), largeTile).tensor, 1638, 0.5);
}

TEST(Tile, a_step_of_divided_columns_advances_all_warps) {
  // Each warp copies 32 x 64 weights; x is in shared memory already.
  Cycles cycles = cyclesPerStep(*defaultGpu(80), decodeTile);
  EXPECT_EQ(decodeTile.columnsPerStep(), 256);
  EXPECT_DOUBLE_EQ(cycles.tensor, 2 * 4 * 8);
  EXPECT_DOUBLE_EQ(cycles.sharedMemory, 4 * 32 + 4 * 4 * (4 * 2.5));
  EXPECT_DOUBLE_EQ(cycles.issue, 8 + 10 + 8 + 12);
  EXPECT_EQ(stepsOf(decodeTile, 2048), 8);
  EXPECT_EQ(stepsOf(decodeTile, 2049), 9);
}

TEST(Tile, instructions_are_those_of_compiled_loops) {
  struct {
    Tile tile;
    double compiled; // of a warp
  } loops[] = {{decodeTile, 38},
               {{128, 8, 64, 4, 1, 6}, 37},
               {{128, 16, 64, 4, 1, 5}, 48},
               {{128, 32, 64, 4, 1, 4}, 70},
               {middleTile, 113},
               {{256, 64, 64, 4, 1, 4}, 198},
               {largeTile, 188}};
  for (const auto &[tile, compiled] : loops) {
    double estimated =
        cyclesPerStep(h200(), tile).issue * 4 / double(tile.warps());
    EXPECT_NEAR(estimated / compiled, 1, 0.05) << compiled;
  }
}

TEST(Tile, shared_memory_in_kib) {
  EXPECT_EQ(sharedBytes({128, 8, 64, 4, 1, 6}, 2048), 102 * 1024);
  EXPECT_EQ(sharedBytes(middleTile, 2048), 96 * 1024);
  EXPECT_EQ(sharedBytes(largeTile, 2048), 144 * 1024);
  // Four rings of four stages of 4 KiB, and 8 rows of x.
  EXPECT_EQ(sharedBytes(decodeTile, 2048), (4 * 4 * 4 + 32) * 1024);
}

TEST(Tile, registers_are_near_those_of_compiled_kernels) {
  EXPECT_EQ(accumulators(decodeTile), 8);
  EXPECT_EQ(accumulators(middleTile), 64);
  EXPECT_EQ(accumulators(largeTile), 128);
  EXPECT_NEAR(double(registers({128, 32, 64, 4, 1, 4})) / 129, 1, 0.1);
  EXPECT_NEAR(double(registers(middleTile)) / 182, 1, 0.1);
  EXPECT_NEAR(double(registers(largeTile)) / 250, 1, 0.1);
}

TEST(Tile, thread_blocks_on_an_sm) {
  EXPECT_EQ(residentBlocks(h200(), middleTile, 2048), 2);
  EXPECT_EQ(residentBlocks(h200(), largeTile, 2048), 1);
  EXPECT_EQ(residentBlocks(h200(), decodeTile, 2048), 2);
  // 100 registers are allocated as 104.
  EXPECT_EQ(residentBlocks(h200(), {128, 16, 64, 4, 1, 2}, 2048), 4);
  EXPECT_EQ(residentBlocks(*defaultGpu(86), middleTile, 2048), 1);
  EXPECT_EQ(residentBlocks(*defaultGpu(86), largeTile, 2048), 0);
}

TEST(Tile, a_decode_tile_holds_the_activations_of_all_columns) {
  EXPECT_TRUE(fits(h200(), decodeTile, 4096));
  EXPECT_FALSE(fits(h200(), decodeTile, 14336)); // 224 KiB of activations
  EXPECT_TRUE(fits(h200(), middleTile, 14336));
}

TEST(Tile, sizes_of_no_tile_do_not_fit) {
  constexpr int64_t huge = int64_t(1) << 62;
  for (int64_t size : {int64_t(0), int64_t(-8), huge, -huge}) {
    for (int64_t Tile::*field :
         {&Tile::features, &Tile::tokens, &Tile::kStep, &Tile::warpsFeatures,
          &Tile::warpsTokens, &Tile::kSplit, &Tile::stages}) {
      Tile tile = middleTile;
      tile.*field = size;
      EXPECT_FALSE(fits(h200(), tile, 2048)) << size;
    }
    EXPECT_FALSE(fits(h200(), middleTile, size)) << size;
  }
  // Warps cannot divide these.
  for (int64_t Tile::*field : {&Tile::features, &Tile::tokens, &Tile::kStep}) {
    Tile tile = middleTile;
    tile.*field += 8;
    EXPECT_FALSE(fits(h200(), tile, 2048));
  }
}

TEST(Tile, bodies_for_fewer_tokens) {
  std::vector<Tile> bodies = tileBodies(largeTile);
  ASSERT_EQ(bodies.size(), 5u);
  int64_t tokens = 8;
  for (const Tile &body : bodies) {
    EXPECT_EQ(body.tokens, tokens);
    EXPECT_EQ(body.warps(), 8);
    EXPECT_TRUE(fits(h200(), body, 2048));
    tokens *= 2;
  }
  // 32 tokens: all warps along the features.
  EXPECT_EQ(bodies[2].warpsFeatures, 8);
  EXPECT_EQ(bodies[3].warpsFeatures, 4);
  EXPECT_TRUE(bodies.back() == largeTile);
}

TEST(Tile, a_larger_body_takes_longer) {
  for (const Gpu &gpu : gpus())
    for (const Tile &tile : enumerateTiles(gpu, 2048)) {
      double before = 0;
      for (const Tile &body : tileBodies(tile)) {
        double now = cyclesPerStep(gpu, body).most();
        EXPECT_GE(now, before) << tile.features << " x " << body.tokens;
        before = now;
      }
    }
}

TEST(Tile, candidates_of_each_architecture) {
  auto has = [](int64_t architecture, int64_t features, int64_t tokens) {
    auto tiles = enumerateTiles(*defaultGpu(architecture), 2048);
    return std::any_of(tiles.begin(), tiles.end(), [&](const Tile &tile) {
      return tile.features == features && tile.tokens == tokens;
    });
  };
  for (int64_t architecture : {80, 86, 89, 90, 120})
    for (int64_t tokens : {8, 16, 32, 64, 128})
      EXPECT_TRUE(has(architecture, 128, tokens)) << architecture << tokens;
  EXPECT_TRUE(has(80, 256, 128));
  EXPECT_TRUE(has(90, 256, 128));
  EXPECT_FALSE(has(89, 256, 128)); // 144 KiB of shared memory
  EXPECT_TRUE(has(90, 32, 8));
}

TEST(Tile, all_candidates_fit_and_differ) {
  for (const Gpu &gpu : gpus()) {
    std::vector<Tile> tiles = enumerateTiles(gpu, 2048);
    for (size_t i = 0; i < tiles.size(); ++i) {
      EXPECT_TRUE(fits(gpu, tiles[i], 2048)) << gpu.name;
      EXPECT_LE(sharedBytes(tiles[i], 2048), gpu.sharedLimit());
      EXPECT_EQ(std::count(tiles.begin(), tiles.end(), tiles[i]), 1);
    }
  }
}

} // namespace
