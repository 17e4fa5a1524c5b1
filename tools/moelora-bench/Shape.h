// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shapes of the grid, and one of its cells.
#ifndef MOELORA_TOOLS_BENCH_SHAPE_H
#define MOELORA_TOOLS_BENCH_SHAPE_H

#include "moelora/host/Report.h"
#include "moelora/models/Model.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moelora::bench {

struct Shape {
  std::string name;
  int64_t hidden, intermediate, experts;
  int32_t topK;
  bool isGptOss = false; // biases, and a clamped activation
};

/// A: Qwen3-30B-A3B. A/4: the same divided among four peer ranks. B:
/// gpt-oss-20b. C: Mixtral-8x7B. D: DeepSeek-V2-Lite's routed experts.
inline const std::vector<Shape> &allShapes() {
  static const std::vector<Shape> shapes = {
      {"A", 2048, 768, 128, 8},       {"A/4", 2048, 192, 128, 8},
      {"B", 2880, 2880, 32, 4, true}, {"C", 4096, 14336, 8, 2},
      {"D", 2048, 1408, 64, 6},       {"E/4", 2048, 128, 256, 8},
      {"small", 256, 96, 16, 4},      {"small-B", 320, 320, 8, 4, true}};
  return shapes;
}

/// The name of a shape as the beginning of a file's name.
std::string fileOf(const Shape &shape);

/// The config.json of a Qwen3-MoE or gpt-oss model with this number of such
/// layers, in bf16.
host::Json configOf(const Shape &shape, int64_t layers);
models::Model modelOf(const Shape &shape, int64_t layers);

struct Cell {
  int64_t tokens;
  int32_t adapters;
  int32_t rank;       // the largest one
  bool mixed = false; // a half, a quarter and an eighth of it are ranks, too
};

/// The rank of each adapter.
std::vector<int32_t> ranksOf(const Cell &cell);

/// The experts and the adapter of each token of a cell.
struct Routing {
  std::vector<int32_t> ids;   // [tokens, k]
  std::vector<int32_t> slots; // [tokens]
};

/// Experts are distinct per token and uniform, and adapters are uniform. A
/// small batch reads few experts, so it has several routings, which runs use in
/// turn, so that a run does not find its experts in the cache.
std::vector<Routing> makeRoutings(const Shape &shape, const Cell &cell);

/// The bytes that must be read and written, and the flops, for the experts and
/// the (expert, adapter) pairs that a routing uses, averaged over several
/// routings, with bf16 everywhere.
struct Work {
  double bytes, flops;
};
Work countWork(const Shape &shape, const Cell &cell,
               const std::vector<Routing> &routings);

/// How a routing divides the rows of a layer, which are ordered by expert and
/// then by adapter. A segment is the rows of an expert with one adapter.
struct Groups {
  int64_t experts = 0, segments = 0;
  /// Of 16 ranks, summed up over segments, and over rows.
  int64_t pagesOfSegments = 0, pagesOfRows = 0;
  /// The same over groups of 8 rows of an expert, and the segments in each.
  int64_t pagesOfGroups = 0;
};
Groups groupsOf(const Shape &shape, const Routing &routing,
                const std::vector<int32_t> &ranks);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_SHAPE_H
