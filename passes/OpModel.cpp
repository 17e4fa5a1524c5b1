// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes ops to the cost model.

#include "OpModel.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;

namespace moelora {

/// What the host divides a larger batch into.
static constexpr int64_t mostTokens = 16384;

/// A batch of prefill.
static constexpr int64_t prefillTokens = 4096;

Prediction::Prediction(const cost::Estimate &estimate)
    : limiter(cost::Limiter::Latency) {
  double longest = 0;
  for (const cost::Launch &launch : estimate.launches) {
    microseconds += launch.seconds * 1e6;
    bytes += launch.bytes;
    flops += launch.flops;
    if (launch.seconds > longest) {
      longest = launch.seconds;
      limiter = launch.limiter;
    }
  }
}

StringRef stringifyLimiter(cost::Limiter limiter) {
  switch (limiter) {
  case cost::Limiter::Bandwidth:
    return "bandwidth";
  case cost::Limiter::L2:
    return "l2";
  case cost::Limiter::Tensor:
    return "tensor";
  case cost::Limiter::SharedMemory:
    return "shared_memory";
  case cost::Limiter::Issue:
    return "issue";
  case cost::Limiter::Latency:
    return "latency";
  }
  llvm_unreachable("every limiter has a name");
}

static cost::Output outputOf(GroupedMatmulOp op) {
  if (op.combines())
    return cost::Output::TokenSums;
  return getElementTypeOrSelf(op.getResult()).isF32() ? cost::Output::F32
                                                      : cost::Output::Rounded;
}

static cost::GroupedGemm gemmOf(GroupedMatmulOp op) {
  PlanType plan = op.getPlan().getType();
  auto weight = cast<ShapedType>(op.getWeight().getType());
  return {plan.getExperts(), plan.getTopK(),
          featuresOf(op),    weight.getShape().back(),
          slicesOf(op),      weight.getElementTypeBitWidth() / 8.0,
          op.getGather(),    outputOf(op)};
}

static cost::GroupedGemm gemmOf(ShrinkOp op) {
  PlanType plan = op.getPlan().getType();
  SlotTableType table = op.getTable().getType();
  int64_t slices = table.getSlices();
  return {plan.getExperts(),
          plan.getTopK(),
          slices * table.getOut(),
          table.getIn(),
          slices,
          2,
          op.getGather(),
          cost::Output::Rounded};
}

OpModel::OpModel(Operation *op, const GpuArchitecture &architecture)
    : op(op), device(*cost::defaultGpu(architecture.number)) {
  auto matmul = dyn_cast<GroupedMatmulOp>(op);
  shape = matmul ? gemmOf(matmul) : gemmOf(cast<ShrinkOp>(op));
  Value value = matmul ? matmul.getTable() : cast<ShrinkOp>(op).getTable();
  if (!value)
    return;
  auto table = cast<SlotTableType>(value.getType());
  adapters = std::min(table.getSlots(), modelledAdapters);
  rank = std::min(table.getMaxRank(), modelledRank);
}

Prediction OpModel::predict(TileAttr tile, int64_t batchTokens,
                            Strategy strategy) const {
  cost::Batch batch = {batchTokens, adapters, rank};
  if (isa<ShrinkOp>(op))
    return Prediction(cost::estimateShrink(device, shape, batch));
  cost::Tile own = {tile.getFeatures(),   tile.getTokens(),
                    tile.getK(),          tile.getFeatureWarps(),
                    tile.getTokenWarps(), tile.getStages(),
                    tile.getSplitK()};
  return Prediction(cost::estimate(device, shape, batch, own,
                                   strategy == Strategy::InPlace
                                       ? cost::Strategy::InPlace
                                       : cost::Strategy::UnfusedPeer));
}

SmallVector<int64_t, 3> OpModel::batches(ArrayRef<int64_t> tokens,
                                         size_t index) const {
  bool isLast = index + 1 == tokens.size();
  int64_t below = index ? tokens[index - 1] : 0;
  int64_t rows = tokens[index] * (isLast ? 4 : 1);
  int64_t least = std::min(tokensAbove(shape, below), mostTokens);
  int64_t most = tokensAbove(shape, rows) - 1;
  if (isLast && tokens[index] >= prefillTile)
    most = std::max(most, prefillTokens);
  most = std::clamp(most, least, mostTokens);
  auto middle = int64_t(std::sqrt(double(least) * double(most)));
  return {least, middle, most};
}

size_t OpModel::bodyOf(ArrayRef<int64_t> tokens, int64_t batchTokens) const {
  size_t index = 0;
  while (index + 1 < tokens.size() &&
         batchTokens >= tokensAbove(shape, tokens[index]))
    ++index;
  return index;
}

} // namespace moelora
