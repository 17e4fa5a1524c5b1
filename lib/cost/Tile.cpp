// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a tile occupies, and what limits its main loop.

#include "moelora/cost/Tile.h"

#include "moelora/cost/Occupancy.h"

#include <algorithm>

namespace moelora::cost {

// Of an activation, and of a weight once it is in shared memory.
static constexpr int64_t elementBytes = 2;
static constexpr int64_t subCores = 4, lanes = 32, mostWarps = 32;
// Of one cp.async of 16 bytes by all lanes of a warp.
static constexpr double copyBytes = 16 * lanes;
// Instructions of a step beside mma, ldmatrix and copies: address arithmetic,
// barrier, wait and branch. Compiled loops have 10 to 18.
static constexpr double otherInstructions = 12;
// A size that is larger is no tile; products of smaller ones do not overflow.
static constexpr int64_t mostSize = 1 << 16;

bool operator==(const Tile &a, const Tile &b) {
  return a.features == b.features && a.tokens == b.tokens &&
         a.kStep == b.kStep && a.warpsFeatures == b.warpsFeatures &&
         a.warpsTokens == b.warpsTokens && a.stages == b.stages &&
         a.kSplit == b.kSplit;
}

double Cycles::most() const { return std::max({tensor, sharedMemory, issue}); }

Cycles operator+(Cycles a, Cycles b) {
  return {a.tensor + b.tensor, a.sharedMemory + b.sharedMemory,
          a.issue + b.issue};
}

Cycles operator*(double times, Cycles cycles) {
  return {times * cycles.tensor, times * cycles.sharedMemory,
          times * cycles.issue};
}

namespace {

/// The part of a tile that one warp computes, in fragments of m16n8k16.
struct WarpTile {
  explicit WarpTile(const Tile &tile)
      : features16(tile.features / tile.warpsFeatures / 16),
        tokens8(tile.tokens / tile.warpsTokens / 8), k16(tile.kStep / 16) {}

  double mmas() const { return double(features16 * tokens8 * k16); }
  /// An ldmatrix.x4 loads 16 features or 16 tokens of 16 columns.
  double loads() const {
    return double(k16) * (double(features16) + double(tokens8) / 2);
  }
  int64_t accumulators() const { return 4 * features16 * tokens8; }
  int64_t fragments() const { return 4 * features16 + 2 * tokens8; }

  int64_t features16, tokens8, k16;
};

bool divides(int64_t part, int64_t whole) {
  return whole > 0 && whole <= mostSize && whole % part == 0;
}

bool isTile(const Tile &tile) {
  for (int64_t size :
       {tile.warpsFeatures, tile.warpsTokens, tile.kSplit, tile.stages})
    if (size < 1 || size > mostWarps)
      return false;
  return tile.stages >= 2 && tile.warps() <= mostWarps &&
         divides(16 * tile.warpsFeatures, tile.features) &&
         divides(8 * tile.warpsTokens, tile.tokens) && divides(16, tile.kStep);
}

} // namespace

int64_t stageBytes(const Tile &tile) {
  int64_t rows = tile.kSplit > 1 ? tile.kSplit * tile.features
                                 : tile.features + tile.tokens;
  return rows * tile.kStep * elementBytes;
}

Cycles cyclesPerStep(const Gpu &gpu, const Tile &tile) {
  WarpTile warp(tile);
  double warps = double(tile.warps()), copied = double(stageBytes(tile));
  double instructions = warp.mmas() + warp.loads() +
                        copied / copyBytes / warps + otherInstructions;
  return {warp.mmas() * warps / subCores * gpu.mmaCycles,
          copied / 128 + 4 * warp.loads() * warps,
          instructions * warps / subCores};
}

int64_t stepsOf(const Tile &tile, int64_t columns) {
  int64_t step = tile.columnsPerStep();
  return columns / step + (columns % step != 0);
}

int64_t sharedBytes(const Tile &tile, int64_t columns) {
  int64_t rings = tile.stages * stageBytes(tile);
  return tile.kSplit > 1 ? rings + tile.tokens * columns * elementBytes : rings;
}

int64_t accumulators(const Tile &tile) { return WarpTile(tile).accumulators(); }

int64_t registers(const Tile &tile) {
  WarpTile warp(tile);
  return warp.accumulators() + 2 * warp.fragments() + 60;
}

int64_t residentBlocks(const Gpu &gpu, const Tile &tile, int64_t columns) {
  constexpr int64_t mostRegisters = 255, mostColumns = 1 << 30;
  if (!isTile(tile) || columns < 1 || columns > mostColumns ||
      registers(tile) > mostRegisters)
    return 0;
  return residentBlocks(
      gpu, {lanes * tile.warps(), registers(tile), sharedBytes(tile, columns)});
}

std::vector<Tile> tileBodies(const Tile &tile) {
  std::vector<Tile> bodies;
  for (int64_t tokens = 8; tokens < tile.tokens; tokens *= 2) {
    Tile body = tile;
    body.tokens = tokens;
    // A warp has at least 32 tokens, or all tokens of the body, because each
    // warp along the tokens loads the same weights from shared memory.
    while (body.warpsTokens % 2 == 0 && tokens / body.warpsTokens < 32) {
      body.warpsTokens /= 2;
      body.warpsFeatures *= 2;
    }
    if (isTile(body))
      bodies.push_back(body);
  }
  bodies.push_back(tile);
  return bodies;
}

std::vector<Tile> enumerateTiles(const Gpu &gpu, int64_t columns) {
  auto grid = [](int64_t features, int64_t tokens, int64_t warpsFeatures,
                 int64_t warpsTokens) {
    return Tile{features, tokens, 64, warpsFeatures, warpsTokens};
  };
  auto divided = [](int64_t features, int64_t tokens) {
    return Tile{features, tokens, 64, 1, 1, 0, 4};
  };
  // Without 128 x 128 on four warps: with gathered rows it needs more than 255
  // registers.
  const Tile shapes[] = {
      divided(32, 8),       divided(64, 8),      grid(128, 8, 4, 1),
      divided(32, 16),      divided(64, 16),     grid(128, 16, 4, 1),
      grid(128, 32, 4, 1),  grid(128, 64, 2, 2), grid(256, 64, 4, 1),
      grid(128, 128, 2, 4), grid(256, 128, 4, 2)};
  std::vector<Tile> tiles;
  for (Tile tile : shapes)
    for (tile.stages = 3; tile.stages <= 6; ++tile.stages)
      if (fits(gpu, tile, columns))
        tiles.push_back(tile);
  return tiles;
}

} // namespace moelora::cost
