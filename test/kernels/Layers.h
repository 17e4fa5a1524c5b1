// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small layers for tests of kernels. `tiles` are the tokens of their tiles.
#ifndef MOELORA_TEST_KERNELS_LAYERS_H
#define MOELORA_TEST_KERNELS_LAYERS_H

#include "differential/Case.h"

namespace moelora::kernels {

using differential::Case;

/// Experts are given, some tokens have adapters, and small batches run `plan`.
Case makeCase(uint64_t seed, int64_t hidden, int64_t intermediate,
              std::vector<int64_t> tiles);
/// Rows and tiles that nothing divides, and all biases and clamps.
Case makeOdd(std::vector<int64_t> tiles);
/// A router with f32 weights, a shared expert, and norms.
Case makeRouted();
/// Groups of experts, and experts that are always chosen.
Case makeGrouped();
/// Latent projections, weights on the input, and experts without weights.
Case makeLatent();
Case makeTable();
Case makeUnfused();
/// Expert ids for many tokens, or of many experts.
Case makePlanned(int32_t experts, int64_t slots, int64_t tile);
/// The first consumer makes the plan.
Case makePlanning(int32_t experts, int32_t choices, int64_t slots);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_LAYERS_H
