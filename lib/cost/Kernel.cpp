// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The launches of single kernels.

#include "moelora/cost/Kernel.h"
#include "Work.h"

namespace moelora::cost {
namespace {

Work planned(const Problem &problem) {
  Work work;
  addPlan(problem, work);
  return work;
}

/// A GEMM counts as the up projection of a layer that has no other.
LayerShape layerOf(const GroupedGemm &gemm) {
  return {gemm.columns,     gemm.features / gemm.slices,
          gemm.experts,     gemm.topK,
          gemm.weightBytes, gemm.slices == 2};
}

void addProducts(const Problem &problem, const GroupedGemm &gemm,
                 const Tile &tile, Work &work) {
  addGemm(problem, {tile, double(gemm.features), gemm.columns, false}, work);
  addInput(problem, double(gemm.columns), gemm.gathers, work);
}

void addEnd(const Problem &problem, const GroupedGemm &gemm, Work &work) {
  double features = double(gemm.features);
  bool isGated = gemm.output == Output::Rounded;
  addOutput(problem, gemm.output,
            isGated ? features / double(gemm.slices) : features, work);
  if (problem.batch.adapted())
    addExpand(problem, double(gemm.slices), features, work);
}

} // namespace

Estimate estimate(const Gpu &gpu, const GroupedGemm &gemm, const Batch &batch,
                  const Tile &tile, Strategy strategy) {
  LayerShape layer = layerOf(gemm);
  Problem problem(gpu, layer, batch, expectedCounts(layer, batch));
  if (problem.rows <= 0)
    return {};
  Work base = planned(problem);
  addProducts(problem, gemm, tile, base);
  if (strategy == Strategy::InPlace || !batch.adapted()) {
    addEnd(problem, gemm, base);
    return {{launchOf(gpu, "gemm", base)}};
  }
  double features = double(gemm.features);
  addOutput(problem, Output::F32, features, base);
  Work delta = planned(problem);
  delta.stream(f32Bytes * problem.rows * features); // the sums of the base
  delta.least = memoryLatency;
  addEnd(problem, gemm, delta);
  return {{launchOf(gpu, "base", base), launchOf(gpu, "delta", delta)}};
}

Estimate estimateShrink(const Gpu &gpu, const GroupedGemm &gemm,
                        const Batch &batch) {
  LayerShape layer = layerOf(gemm);
  Problem problem(gpu, layer, batch, expectedCounts(layer, batch));
  if (problem.rows <= 0 || !batch.adapted())
    return {};
  Work work = planned(problem);
  double columns = double(gemm.columns);
  addShrink(problem, double(gemm.slices), columns, work);
  work.l2Bytes += problem.elements(problem.rows * columns);
  addInput(problem, columns, gemm.gathers, work);
  return {{launchOf(gpu, "shrink", work)}};
}

int64_t tokensAbove(const GroupedGemm &gemm, int64_t rows) {
  return rows * gemm.experts / gemm.topK + 1;
}

} // namespace moelora::cost
