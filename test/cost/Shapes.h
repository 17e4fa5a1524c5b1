// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers and batches of which tests compute the cost.
#ifndef MOELORA_TEST_COST_SHAPES_H
#define MOELORA_TEST_COST_SHAPES_H

#include "moelora/cost/Cost.h"

namespace moelora::cost {

/// Qwen3-30B-A3B, gpt-oss-20b, Mixtral-8x7B, DeepSeek-V2-Lite, Qwen3.5-35B-A3B,
/// and a quarter of the first, as on one of four GPUs.
constexpr LayerShape qwen3 = {2048, 768, 128, 8};
constexpr LayerShape shapes[] = {qwen3,
                                 {2880, 2880, 32, 4},
                                 {4096, 14336, 8, 2},
                                 {2048, 1408, 64, 6},
                                 {2048, 512, 256, 8},
                                 {2048, 192, 128, 8}};

/// Adapters and rank.
struct Adapters {
  int64_t count, rank;
};
constexpr Adapters adapters[] = {{0, 0}, {1, 16}, {8, 16}, {8, 64}, {32, 8}};

constexpr int64_t mostTokens = 16384;

inline Gpu h200() { return *defaultGpu(90); }

/// 128 features x 64 tokens on four warps.
constexpr Tile middleTile = {128, 64, 64, 2, 2, 4};

} // namespace moelora::cost

#endif // MOELORA_TEST_COST_SHAPES_H
