// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is measured: the shapes of the grid and one cell of it.
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
};

/// A/4: Qwen3-30B-A3B cut over four ranks. D: DeepSeek-V2-Lite's routed
/// experts.
inline const std::vector<Shape> &allShapes() {
  static const std::vector<Shape> shapes = {{"A/4", 2048, 192, 128, 8},
                                            {"D", 2048, 1408, 64, 6},
                                            {"E/4", 2048, 128, 256, 8},
                                            {"small", 256, 96, 16, 4}};
  return shapes;
}

/// config.json of a model of that many such layers, by the rules of Qwen3-MoE,
/// in bf16.
host::Json configOf(const Shape &shape, int64_t layers);
models::Model modelOf(const Shape &shape, int64_t layers);

struct Cell {
  int64_t tokens;
  int32_t adapters;
  int32_t rank;
};

/// Which experts the tokens of a cell go to, and with which adapter.
struct Routing {
  std::vector<int32_t> ids;   // [tokens, k]
  std::vector<int32_t> slots; // [tokens]
};

/// Distinct experts per token, uniform; adapters uniform. A small batch reads
/// few experts, so it gets several routings, which runs take turns in: what
/// one run leaves in the cache is not what the next one reads.
std::vector<Routing> makeRoutings(const Shape &shape, const Cell &cell);

/// Bytes that must be read and written, and flops, for the experts and the
/// (expert, adapter) pairs that a routing really hits, on average over several;
/// bf16 everywhere.
struct Work {
  double bytes, flops;
};
Work countWork(const Shape &shape, const Cell &cell,
               const std::vector<Routing> &routings);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_SHAPE_H
