// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// grouped_matmul with `combine`: the down projection and the weighted sum.
//
//   task = stripe of columns, of all tokens
//     total[token] = 0
//     for tile, in ascending (expert, row): total[token] += w * y
//     out[token] = round(scale * total + shared)
//
// One worker owns a stripe for all experts and adds in the order of the plan:
// no atomics, no buffer of rows, and the order of a token's choices means
// nothing.

#include "Activation.h"
#include "GroupedMatmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t StripeColumns = 128;
/// The 16 more keep rows of totals out of each other's cache sets.
constexpr int64_t TotalBytes = (StripeColumns + 16) * 4;

struct Combine : GroupedMatmul {
  Combine(Lowering &lowering, GroupedMatmulOp op)
      : GroupedMatmul(lowering, op, StripeColumns),
        weights(lowering.words.lookup(op.getCombineWeights())) {}

  int64_t weights; // word

  int64_t stripes() const { return (n + StripeColumns - 1) / StripeColumns; }

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "combine_" + std::to_string(weight),
        [&](Code &code, Ptr frame, Int task, Int worker) {
          Int begin = task * StripeColumns;
          Int end = code.least(begin + StripeColumns, code.i64(n));
          Ptr scratch = workerScratch(code, frame, worker);
          Ptr totals = scratch + scratchBytes();
          PlanView view{code, frame + plan.word};
          Int tokens = code.loadInt(frame + Frame::Tokens);
          code.clear(totals, tokens * TotalBytes);
          code.loop(code.i64(0), view.tiles(), 1, [&](Int index) {
            TileView tile = this->tile(code, frame, index);
            Ptr panel = emitPanel(code, frame, scratch, index, tile);
            emitSums(code, frame, scratch, panel, tile, begin, end);
            emitAdd(code, frame, scratch, totals, tile, begin, end);
          });
          emitOutput(code, frame, totals, tokens, begin, end);
        });
  }

  /// total[token] += w * (sum + bias), for the rows of a tile.
  void emitAdd(Code &code, Ptr frame, Ptr scratch, Ptr totals,
               const TileView &tile, Int begin, Int end) {
    PlanView view{code, frame + plan.word};
    VectorType type = form().accumulator();
    code.loop(code.i64(0), tile.rows, 1, [&](Int row) {
      Int at = (tile.begin + row) * 4;
      Int token = code.loadInt32(view.rowToken() + at);
      Int pair = code.loadInt32(view.rowPair() + at);
      Value w = code.splat(code.load(code.builder.getF32Type(),
                                     code.loadPtr(frame + weights) + pair * 4),
                           type);
      Ptr total = totals + token * TotalBytes;
      Ptr sums = sum(code, scratch, row);
      forColumns(
          code, begin, end, n, form().lanes, [&](Int column, int64_t count) {
            Int offset = (column - begin) * 4;
            Value y = emitAccumulator(code, frame, sums + offset, tile.expert,
                                      0, column, type, count);
            Value sum = code.load(type, total + offset);
            code.store(code.fma(w, y, sum), total + offset);
          });
    });
  }

  void emitOutput(Code &code, Ptr frame, Ptr totals, Int tokens, Int begin,
                  Int end) {
    Ptr output = code.loadPtr(frame + Frame::Output);
    code.loop(code.i64(0), tokens, 1, [&](Int token) {
      Ptr total = totals + token * TotalBytes;
      forColumns(
          code, begin, end, n, form().lanes, [&](Int column, int64_t count) {
            Value sum =
                code.load(form().accumulator(), total + (column - begin) * 4);
            sum = emitShared(code, frame, sum, token, column);
            Int element = token * n + column;
            code.storeFirst(form().round(code, sum), count,
                            output + element * form().elementBytes);
          });
    });
  }

  /// scale * sum (+ shared, or sigmoid(score) * shared), in f32.
  Value emitShared(Code &code, Ptr frame, Value sum, Int token, Int column) {
    VectorType type = form().accumulator();
    double scale = op.getRoutedScale().convertToDouble();
    if (scale != 1)
      sum = arith::MulFOp::create(code.builder, code.loc, sum,
                                  code.f32(type, scale));
    if (!op.getShared())
      return sum;
    auto rows = [&](Value value) {
      return code.loadPtr(frame + lowering.words.lookup(value));
    };
    Value shared =
        code.load(type, rows(op.getShared()) + (token * n + column) * 4);
    if (!op.getScore())
      return arith::AddFOp::create(code.builder, code.loc, sum, shared);
    Value score = code.splat(
        code.load(code.builder.getF32Type(), rows(op.getScore()) + token * 4),
        type);
    return code.fma(emitSigmoid(code, score), shared, sum);
  }
};

} // namespace

FailureOr<RunStage> lowerCombine(Lowering &lowering, GroupedMatmulOp op) {
  auto yield = cast<YieldOp>(lowering.layer.getBody().front().getTerminator());
  if (yield.getResults()[0] != op.getResult())
    return op.emitError() << "expects a combine to be the layer's output";
  auto stage = std::make_shared<Combine>(lowering, op);
  lowering.frame.needScratch(stage->scratchBytes(), TotalBytes);
  LLVM::LLVMFuncOp task = stage->emitTask();
  return RunStage([stage, task](Code &code, Ptr frame) {
    stage->emitReset(code, frame);
    parallelFor(code, frame, code.i64(stage->stripes()), task);
  });
}

} // namespace moelora::codegen
