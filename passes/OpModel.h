// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes ops to the cost model.

#ifndef MOELORA_PASSES_OPMODEL_H
#define MOELORA_PASSES_OPMODEL_H

#include "Tiles.h"
#include "moelora/cost/Kernel.h"

namespace moelora {

/// What the cost model says about the launches of an op.
struct Prediction {
  explicit Prediction(const cost::Estimate &estimate);

  double microseconds = 0, bytes = 0, flops = 0;
  cost::Limiter limiter; ///< of the longest launch
};

/// "bandwidth", "l2", "tensor", "shared_memory", "issue" or "latency".
llvm::StringRef stringifyLimiter(cost::Limiter limiter);

/// The adapters of the batches that are predicted, unless the slot table holds
/// fewer.
constexpr int64_t modelledAdapters = 8, modelledRank = 16;

/// Predicts the kernels of a shrink or a grouped_matmul that isModelled.
class OpModel {
public:
  OpModel(mlir::Operation *op, const GpuArchitecture &architecture);

  Prediction predict(TileAttr tile, int64_t batchTokens,
                     Strategy strategy) const;
  /// Whether strategies differ: deltas are added.
  bool hasAdapters() const { return adapters > 0; }
  /// Batches for which the host takes the tile of body `index` of a schedule
  /// with these tokens: the smallest, one in the middle, and the largest. The
  /// largest tile has no largest batch; four times its rows are taken, or, with
  /// 64 tokens and more, a batch of prefill if that is larger.
  llvm::SmallVector<int64_t, 3> batches(llvm::ArrayRef<int64_t> tokens,
                                        size_t index) const;
  /// The index of the tile that the host takes for a batch.
  size_t bodyOf(llvm::ArrayRef<int64_t> tokens, int64_t batchTokens) const;
  const cost::GroupedGemm &gemm() const { return shape; }

private:
  mlir::Operation *op;
  cost::Gpu device;
  cost::GroupedGemm shape;
  int64_t adapters = 0, rank = 0;
};

} // namespace moelora

#endif // MOELORA_PASSES_OPMODEL_H
