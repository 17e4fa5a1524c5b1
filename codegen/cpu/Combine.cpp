// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// grouped_matmul with `combine` or `sum`: the down projection and the weighted
// sum; also a projection whose rows are rounded, as a sum over a plan of one
// expert.
//
//   task = stripe of columns, of all tokens
//     total[token] = 0
//     for tile, in ascending (expert, row): total[token] += w * y
//     out[token] = round(scale * (total + identity) + factor * shared)
//
// One worker computes a stripe for all experts and adds in the order of the
// plan. This needs no atomics and no buffer of rows, and the order of a token's
// choices does not affect the result.

#include "Activation.h"
#include "cpu/GroupedMatmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/dialect/RowAxes.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t StripeColumns = 128;
/// The additional 16 columns prevent rows of totals from competing for the same
/// cache sets.
constexpr int64_t TotalBytes = (StripeColumns + 16) * 4;

struct Combine : GroupedMatmul {
  Combine(Lowering &lowering, GroupedMatmulOp op, const DotForm &answer)
      : GroupedMatmul(lowering, op, StripeColumns), answer(answer),
        result(lowering.resultWord(op, n * answer.elementBytes)) {}

  const DotForm &answer; // how the result is stored
  int64_t result;        // word

  int64_t stripes() const { return (n + StripeColumns - 1) / StripeColumns; }
  Ptr rows(Code &code, Ptr frame, Value value) {
    return code.loadPtr(frame + lowering.words.lookup(value));
  }
  /// Element `index` of rows of f32, in every lane.
  Value splat(Code &code, Ptr rows, Int index) {
    Value scalar = code.load(code.builder.getF32Type(), rows + index * 4);
    return code.splat(scalar, form.accumulator());
  }

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "combine_" + std::to_string(result),
        [&](Code &code, Ptr frame, Int task, Int worker) {
          Int begin = task * StripeColumns;
          Int end = code.least(begin + StripeColumns, code.i64(n));
          Ptr scratch = workerScratch(code, frame, worker);
          Ptr totals = scratch + scratchBytes();
          PlanView view{code, frame + plan.word};
          Int tokens = lowering.rows(code, frame, op.getPlan());
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
    VectorType type = form.accumulator();
    code.loop(code.i64(0), tile.rows, 1, [&](Int row) {
      Int at = (tile.begin + row) * 4;
      Int token = code.loadInt32(view.rowToken() + at);
      Int pair = code.loadInt32(view.rowPair() + at);
      Value w;
      if (op.getCombineWeights())
        w = splat(code, rows(code, frame, op.getCombineWeights()), pair);
      Ptr total = totals + token * TotalBytes;
      Ptr sums = sum(code, scratch, row);
      forColumns(
          code, begin, end, n, form.lanes, [&](Int column, int64_t count) {
            Int offset = (column - begin) * 4;
            Value y = emitAccumulator(code, frame, sums + offset, tile.expert,
                                      0, column, type, count);
            Value sum = code.load(type, total + offset);
            code.store(addTimes(code, w, y, sum), total + offset);
          });
    });
  }

  /// sum + factor * x; a null factor is one.
  static Value addTimes(Code &code, Value factor, Value x, Value sum) {
    if (factor)
      return code.fma(factor, x, sum);
    return arith::AddFOp::create(code.builder, code.loc, sum, x);
  }

  /// Shared rows are added to some tokens only if they are those of one rank,
  /// or if another rank adds them.
  void emitOutput(Code &code, Ptr frame, Ptr totals, Int tokens, Int begin,
                  Int end) {
    Int first = code.i64(0), last = tokens;
    if (op.getOwn()) {
      first = lowering.ranks.begin(code, frame, gatheredOver(op.getPlan()),
                                   *op.getOwn());
      last = first + lowering.rows(code, frame, op.getShared());
      emitTokens(code, frame, totals, {code.i64(0), first}, begin, end, {});
      emitTokens(code, frame, totals, {last, tokens}, begin, end, {});
    } else if (op.getSharedOnce()) {
      Int coordinate = lowering.ranks.coordinate(code, frame, Axis::Ep);
      last = code.select(code.equal(coordinate, code.i64(0)), tokens, first);
      emitTokens(code, frame, totals, {last, tokens}, begin, end, {});
    }
    emitTokens(code, frame, totals, {first, last}, begin, end, first);
  }

  /// Tokens of a range. The first shared row is that of token `sharedFrom`, if
  /// shared rows are added to them.
  void emitTokens(Code &code, Ptr frame, Ptr totals, std::pair<Int, Int> range,
                  Int begin, Int end, std::optional<Int> sharedFrom) {
    Ptr output = code.loadPtr(frame + result);
    bool addsShared = op.getShared() && sharedFrom;
    code.loop(range.first, range.second, 1, [&](Int token) {
      Ptr total = totals + token * TotalBytes;
      Value identityWeight, sharedFactor;
      Int own = addsShared ? token - *sharedFrom : token;
      if (op.getIdentity())
        identityWeight =
            splat(code, rows(code, frame, op.getIdentityWeights()), token);
      if (addsShared)
        sharedFactor = emitSharedFactor(code, frame, own);
      forColumns(
          code, begin, end, n, form.lanes, [&](Int column, int64_t count) {
            Value sum =
                code.load(form.accumulator(), total + (column - begin) * 4);
            Int element = token * n + column;
            if (op.getIdentity())
              sum = code.fma(identityWeight,
                             loadIdentity(code, frame, element, count), sum);
            sum = emitScale(code, sum);
            if (addsShared)
              sum = addTimes(code, sharedFactor,
                             loadShared(code, frame, own * n + column, count),
                             sum);
            code.storeFirst(answer.round(code, sum), count,
                            output + element * answer.elementBytes);
          });
    });
  }

  Value emitScale(Code &code, Value sum) {
    double scale = op.getRoutedScale().convertToDouble();
    if (scale == 1)
      return sum;
    return arith::MulFOp::create(code.builder, code.loc, sum,
                                 code.f32(form.accumulator(), scale));
  }

  /// The rows of experts that return their input, which are stored like the
  /// result.
  Value loadIdentity(Code &code, Ptr frame, Int element, int64_t count) {
    Ptr from =
        rows(code, frame, op.getIdentity()) + element * answer.elementBytes;
    return answer.widen(code,
                        code.loadFirst(answer.raw(form.lanes), count, from));
  }

  Value loadShared(Code &code, Ptr frame, Int element, int64_t count) {
    Ptr from = rows(code, frame, op.getShared()) + element * 4;
    return code.loadFirst(form.accumulator(), count, from);
  }

  /// shared_scale * sigmoid(score); null: one.
  Value emitSharedFactor(Code &code, Ptr frame, Int token) {
    double scale = op.getSharedScale().convertToDouble();
    Value constant = code.f32(form.accumulator(), scale);
    if (!op.getScore())
      return scale == 1 ? Value() : constant;
    Value score = splat(code, rows(code, frame, op.getScore()), token);
    Value gate = emitSigmoid(code, Sigmoid::Exact, score);
    if (scale == 1)
      return gate;
    return arith::MulFOp::create(code.builder, code.loc, gate, constant);
  }
};

} // namespace

FailureOr<RunStage> lowerCombine(Lowering &lowering, GroupedMatmulOp op) {
  Type element = getElementTypeOrSelf(op.getResult());
  const DotForm *answer = lowering.formOf(element);
  if (!answer)
    return op.emitError() << "expects the result in the layer's element type "
                          << lowering.form.element << " or f32, but it is of "
                          << element;
  auto stage = std::make_shared<Combine>(lowering, op, *answer);
  AxesAttr gathered = gatheredOver(op.getPlan());
  lowering.frame.needScratch(stage->scratchBytes(),
                             TotalBytes * lowering.ranks.ranks(gathered));
  LLVM::LLVMFuncOp task = stage->emitTask();
  return RunStage([stage, task](Code &code, Ptr frame) {
    stage->emitReset(code, frame);
    parallelFor(code, frame, code.i64(stage->stripes()), task);
  });
}

} // namespace moelora::codegen
