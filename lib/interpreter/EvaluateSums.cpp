// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops that add up rows: of a token, or of ranks.

#include "Evaluate.h"

using namespace mlir;

namespace moelora::interpreter {

using reference::Rounding;
using reference::Vector;

/// The terms of a token's output besides the experts' rows.
static void addTerms(const CombineWith &with, int64_t token,
                     const Rounding &rounding, reference::Terms &terms) {
  terms.routedScale = with.routedScale;
  if (with.identity) {
    terms.identity = with.identity->row(token);
    for (double &value : terms.identity)
      value *= with.identityWeights->data[token];
  }
  int64_t own = token - with.sharedRows.begin;
  if (!with.shared || own < 0 || own >= with.sharedRows.count)
    return;
  terms.shared = with.shared->row(own);
  double factor = reference::sharedFactor(
      with.sharedScale, with.score ? &with.score->data[own] : nullptr,
      rounding);
  for (double &value : terms.shared)
    value = rounding.accumulator(factor * value);
}

Tensor combine(Type result, const Tensor &rows, const Plan &plan,
               const CombineWith &with, Mode mode) {
  Rounding rounding = roundingOf(mode, result, {});
  Tensor out = makeTensor(result, int64_t(plan.expert.size()) / plan.topK);
  for (int64_t t = 0; t < out.rows(); ++t) {
    reference::Routed routed;
    reference::Terms terms;
    routed.weights = with.weights ? with.weights->row(t) : Vector(plan.topK, 1);
    for (int64_t p = t * plan.topK; p < (t + 1) * plan.topK; ++p) {
      routed.ids.push_back(plan.expert[p]);
      terms.rows.push_back(plan.expert[p] < 0 ? Vector() : rows.row(p));
    }
    addTerms(with, t, rounding, terms);
    setRow(out, t, reference::combine(terms, routed, out.rowSize(), rounding));
  }
  return out;
}

Tensor reduce(ReduceOp op, ArrayRef<const Tensor *> partials, Rows rows,
              Mode mode) {
  Rounding rounding = roundingOf(mode, op.getSum().getType(), {});
  Tensor out = makeTensor(op.getSum().getType(), rows.count);
  size_t first = size_t(rows.begin * out.rowSize());
  for (size_t i = 0; i < out.data.size(); ++i) {
    double sum = 0;
    for (const Tensor *partial : partials)
      sum += partial->data[first + i];
    out.data[i] = rounding.accumulator(sum);
  }
  return out;
}

Tensor finish(FinishOp op, const Tensor &sum, const Tensor *identity,
              const Tensor *identityWeights, Mode mode) {
  Type type = op.getResult().getType();
  Rounding rounding = roundingOf(mode, type, {});
  double scale = op.getRoutedScale().convertToFloat();
  Tensor out = makeTensor(type, sum.rows());
  for (int64_t t = 0; t < out.rows(); ++t) {
    Vector row = sum.row(t);
    if (identity)
      for (auto [value, x] : llvm::zip(row, identity->row(t)))
        value += scale * identityWeights->data[t] * x;
    for (double &value : row)
      value = rounding.value(value);
    setRow(out, t, row);
  }
  return out;
}

} // namespace moelora::interpreter
