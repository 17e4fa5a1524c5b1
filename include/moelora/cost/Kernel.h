// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Estimates single kernels of a layer as code generation emits them: a kernel
// computes the rows of a plan in whole tiles of one shape, and the plan is a
// kernel of its own.
#ifndef MOELORA_COST_KERNEL_H
#define MOELORA_COST_KERNEL_H

#include "moelora/cost/Cost.h"

namespace moelora::cost {

/// What becomes of the sums of a GEMM.
enum class Output {
  Rounded,  ///< a row of 2-byte elements for each pair, of one of the slices
  F32,      ///< a row of f32 for each pair
  TokenSums ///< f32 rows, and the rounded sum of each token's rows
};

/// A grouped GEMM: each token is routed to `topK` of the experts, whose weights
/// are `features` x `columns`. All sizes are positive, and topK is at most
/// `experts`.
struct GroupedGemm {
  int64_t experts, topK;
  int64_t features; ///< of all slices
  int64_t columns;
  int64_t slices = 1; ///< projections that read the same rows: gate and up
  double weightBytes = 2;
  bool gathers = true; ///< reads the rows of tokens, and not one for each pair
  Output output = Output::Rounded;
};

/// The launches of a GEMM and of its delta: one kernel, or for UnfusedPeer one
/// for the base, which stores its sums, and one that adds the delta to them.
/// Their times are infinite if the tile does not fit on the GPU.
Estimate estimate(const Gpu &gpu, const GroupedGemm &gemm, const Batch &batch,
                  const Tile &tile, Strategy strategy = Strategy::InPlace);

/// The launch of `A x`. Of the GEMM, its plan, columns and slices count.
Estimate estimateShrink(const Gpu &gpu, const GroupedGemm &gemm,
                        const Batch &batch);

/// The expected rows of an expert decide which tile the host takes.
/// The least number of tokens with more than this number of rows.
int64_t tokensAbove(const GroupedGemm &gemm, int64_t rows);

} // namespace moelora::cost

#endif // MOELORA_COST_KERNEL_H
