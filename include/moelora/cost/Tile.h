// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tile that one thread block of an expert GEMM computes, what it occupies
// on an SM, and what limits the speed of its main loop.
//
// Weights are on the M side of mma.sync.m16n8k16 and tokens on its N side. A
// thread block multiplies `features` rows of an expert's weights with up to
// `tokens` rows of activations. In each step it copies `kStep` columns of both
// into a ring of `stages` buffers in shared memory. Its warps form a grid of
// warpsFeatures x warpsTokens and divide the tile.
//
// If kSplit > 1, as for few tokens, warps divide the columns as well: each of
// kSplit groups of warps computes the whole tile for its part of the columns,
// with weights in a ring of its own. The activations are then in shared memory
// as a whole.
#ifndef MOELORA_COST_TILE_H
#define MOELORA_COST_TILE_H

#include "moelora/cost/Gpu.h"

#include <cstdint>
#include <vector>

namespace moelora::cost {

/// A schedule in a file may have any sizes; `residentBlocks` and `fits` check
/// them, and all other functions require a tile that fits.
struct Tile {
  int64_t features, tokens;
  int64_t kStep = 64;
  int64_t warpsFeatures = 4, warpsTokens = 1;
  int64_t stages = 3;
  int64_t kSplit = 1;

  int64_t warps() const { return warpsFeatures * warpsTokens * kSplit; }
  /// The columns by which a step of all warps advances.
  int64_t columnsPerStep() const { return kStep * kSplit; }
};

bool operator==(const Tile &a, const Tile &b);

/// Cycles of an SM for which each of its parts is busy. The largest limits.
struct Cycles {
  double tensor = 0, sharedMemory = 0, issue = 0;

  double most() const;
};

Cycles operator+(Cycles a, Cycles b);
Cycles operator*(double times, Cycles cycles);

/// The cycles of one step of the main loop:
///
///   tensor         mma.sync of all warps over four sub-cores
///   sharedMemory   128 bytes a cycle for the copies, 4 cycles an ldmatrix.x4
///   issue          instructions of all warps over four schedulers
Cycles cyclesPerStep(const Gpu &gpu, const Tile &tile);

/// The steps for this number of columns.
int64_t stepsOf(const Tile &tile, int64_t columns);

/// Bytes of global memory that one stage of all rings holds.
int64_t stageBytes(const Tile &tile);

/// Bytes of shared memory of a thread block: the rings and, if columns are
/// divided, the activations.
int64_t sharedBytes(const Tile &tile, int64_t columns);

/// Registers of a thread that accumulate.
int64_t accumulators(const Tile &tile);

/// Registers of a thread: accumulators, two sets of fragments, and 60 for
/// addresses and the epilogue. It is an estimate within 10 % of what ptxas
/// needs for tiles without divided columns; with them ptxas needs less.
int64_t registers(const Tile &tile);

/// Thread blocks that are on an SM at the same time. 0 means that the tile does
/// not fit: its sizes are not those of a tile, or it needs more shared memory
/// or registers than there are.
int64_t residentBlocks(const Gpu &gpu, const Tile &tile, int64_t columns);

inline bool fits(const Gpu &gpu, const Tile &tile, int64_t columns) {
  return residentBlocks(gpu, tile, columns) > 0;
}

/// The same tile for fewer tokens, with 8, 16, 32, ... of them, up to the tile
/// itself, which is last. A kernel has them for the remainders of experts.
std::vector<Tile> tileBodies(const Tile &tile);

/// The tiles for which kernels are made, in ascending order of tokens, features
/// and stages, that fit on the GPU for this number of columns.
std::vector<Tile> enumerateTiles(const Gpu &gpu, int64_t columns);

} // namespace moelora::cost

#endif // MOELORA_COST_TILE_H
