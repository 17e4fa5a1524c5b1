// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/TokenSum.h"
#include "Activation.h"

using namespace mlir;

namespace moelora::codegen {

TokenSum::TokenSum(GpuLowering &lowering, GroupedMatmulOp op)
    : op(op), plan(&lowering.planOf(op.getPlan())),
      result(getElementTypeOrSelf(op.getResult())),
      n(cast<ShapedType>(op.getResult().getType()).getDimSize(1)),
      output(lowering.resultWord(op, n * result.getIntOrFloatBitWidth() / 8)) {
  auto word = [&](Value value) {
    return value ? lowering.words.lookup(value) : -1;
  };
  weights = word(op.getCombineWeights());
  identity = word(op.getIdentity());
  identityWeights = word(op.getIdentityWeights());
  shared = word(op.getShared());
  score = word(op.getScore());
}

static int64_t bytesOf(Type element) {
  return element.getIntOrFloatBitWidth() / 8;
}

TokenSummer::TokenSummer(Kernel &kernel, StoredPlan &plan, const TokenSum &sum,
                         Ptr rows)
    : kernel(kernel), code(kernel.code), plan(plan), sum(sum), rows(rows),
      output(kernel.region(sum.output, {0, sum.n * bytesOf(sum.result)})) {}

void TokenSummer::select(Int selected) {
  token = selected;
  Int lane = code.lane();
  Value row = code.choose(
      code.less(lane, code.i32(sum.plan->topK)),
      [&] {
        Int pair = token * sum.plan->topK + lane;
        return Code::Values{plan.rowOfPair(pair).value};
      },
      [&] { return Code::Values{code.i32(-1).value}; })[0];
  ownRow = {&code, row};
}

Value TokenSummer::hasRows() {
  return code.below(code.i32(0), code.ballot(code.less(code.i32(-1), ownRow)));
}

/// Adds the rows in ascending order, which is that of their experts, whatever
/// the order of the choices is.
Code::Values TokenSummer::total(Int first, int64_t count) {
  Int none = code.i32(INT32_MAX);
  auto after = [&](Int previous) {
    return code.reduceMin(
        code.select(code.less(previous, ownRow), ownRow, none));
  };
  Code::Values state{after(code.i32(-1)).value};
  state.append(size_t(count), code.f32(code.builder.getF32Type(), 0));
  Code::Values end = code.repeat(
      state,
      [&](ValueRange state) { return code.less({&code, state[0]}, none); },
      [&](ValueRange state) {
        Int row{&code, state[0]};
        Value weight;
        if (sum.weights >= 0) {
          Int choice = code.lowestOne(code.ballot(code.equal(ownRow, row)));
          Ptr all = kernel.region(sum.weights, sum.plan->perPair(4));
          weight = code.loadFloat(all + (token * sum.plan->topK + choice) * 4);
        }
        Ptr y = rows + code.toI64(row) * (sum.n * 4);
        Code::Values next{after(row).value};
        for (int64_t i = 0; i < count; ++i) {
          Int feature = code.least(first + code.lane() + i * WarpLanes,
                                   code.i32(sum.n - 1));
          next.push_back(addTimes(weight, code.loadFloat(y + feature * 4),
                                  state[size_t(1 + i)]));
        }
        return next;
      });
  return Code::Values(llvm::drop_begin(end));
}

/// sum + factor * x; a null factor is one.
Value TokenSummer::addTimes(Value factor, Value x, Value sum) {
  return factor ? code.multiplyAdd(factor, x, sum) : code.add(sum, x);
}

/// shared_scale * sigmoid(score); null: one.
Value TokenSummer::sharedFactor() {
  double scale = sum.op.getSharedScale().convertToDouble();
  Value constant = code.f32(code.builder.getF32Type(), scale);
  if (sum.score < 0)
    return scale == 1 ? Value() : constant;
  Ptr scores = kernel.region(sum.score, {0, 4});
  Value gate =
      emitSigmoid(code, Sigmoid::Hardware, code.loadFloat(scores + token * 4));
  return scale == 1 ? gate : code.mul(gate, constant);
}

Value TokenSummer::finish(Int feature, Value total) {
  if (sum.identity >= 0) {
    Ptr from = kernel.region(sum.identity, {0, sum.n * bytesOf(sum.result)});
    Ptr weights = kernel.region(sum.identityWeights, {0, 4});
    Value x = code.loadWidened(sum.result,
                               from + element(feature) * bytesOf(sum.result));
    total = code.multiplyAdd(code.loadFloat(weights + token * 4), x, total);
  }
  double scale = sum.op.getRoutedScale().convertToDouble();
  if (scale != 1)
    total = code.mul(total, code.f32(code.builder.getF32Type(), scale));
  if (sum.shared < 0)
    return total;
  Ptr from = kernel.region(sum.shared, {0, sum.n * 4});
  return addTimes(sharedFactor(), code.loadFloat(from + element(feature) * 4),
                  total);
}

void TokenSummer::finish(Int first, ArrayRef<Value> totals) {
  for (auto [i, total] : llvm::enumerate(totals)) {
    Int feature = first + code.lane() + int64_t(i) * WarpLanes;
    code.when(code.less(feature, code.i32(sum.n)), [&, total = total] {
      code.storeRounded(sum.result, finish(feature, total),
                        output + element(feature) * bytesOf(sum.result));
    });
  }
}

void TokenSummer::write(Int first, int64_t count) {
  finish(first, total(first, count));
}

void TokenSummer::writeEmpty(Int first, int64_t count) {
  Code::Values zeros(size_t(count), code.f32(code.builder.getF32Type(), 0));
  finish(first, zeros);
}

} // namespace moelora::codegen
