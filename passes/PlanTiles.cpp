// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PlanTiles.h"
#include "Choice.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moelora {

/// What the cost model predicts for the matmuls of a plan with the largest of
/// these tiles, in a batch of prefill.
static double prefillMicroseconds(PlanOp plan, ArrayRef<int64_t> tokens,
                                  const GpuArchitecture &gpu) {
  constexpr int64_t batch = 4096;
  double sum = 0;
  for (Operation *op : plan.getPlan().getUsers()) {
    if (!isa<GroupedMatmulOp>(op) || !isModelled(op))
      continue;
    OpModel model(op, gpu);
    Choice choice = chooseTiles(model, op, tokens, Strategy::InPlace, gpu);
    sum +=
        model.predict(choice.tiles.back(), batch, choice.strategy).microseconds;
  }
  return sum;
}

/// By the cost model, a tile of 16 tokens is as fast as one of 8 in batches of
/// up to 8, and one of 64 takes at most a tenth longer than one of 32 in
/// batches of 17 to 32. A larger one pays in large layers only.
SmallVector<int64_t> choosePlanTokens(PlanOp plan, ArrayRef<int64_t> tokens,
                                      const GpuArchitecture &gpu) {
  constexpr int64_t sizes[] = {16, 64, 128};
  constexpr double leastGain = 1.05;
  SmallVector<int64_t> few(llvm::make_filter_range(
      tokens, [&](int64_t count) { return llvm::is_contained(sizes, count); }));
  if (plan.getType().getExperts() > 1 || few.empty())
    return SmallVector<int64_t>(tokens);
  ArrayRef<int64_t> smaller = ArrayRef(few).drop_back();
  if (few.back() > 64 && !smaller.empty() &&
      prefillMicroseconds(plan, smaller, gpu) <
          leastGain * prefillMicroseconds(plan, few, gpu))
    few.pop_back();
  return few;
}

} // namespace moelora
