// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `rms_norm`, with one task per token:
//
//   acc += x * x, lane by lane         the order of the sum depends only on n
//   factor = scale / sqrt(sum of the lanes / n + epsilon)
//   result = round(x * factor * weight)

#include "cpu/GroupedMatmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

struct RmsNorm {
  RmsNorm(Lowering &lowering, RmsNormOp op, const DotForm &from,
          const DotForm &to)
      : lowering(lowering), op(op), from(from), to(to),
        n(rowElements(op.getInput().getType())),
        input(lowering.words.lookup(op.getInput())),
        result(lowering.resultWord(op, n * to.elementBytes)) {}

  Lowering &lowering;
  RmsNormOp op;
  const DotForm &from, &to;
  int64_t n, input, result; // words

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "rms_norm_" + std::to_string(result),
        [&](Code &code, Ptr frame, Int token, Int) {
          Ptr x = code.loadPtr(frame + input) + token * (n * from.elementBytes);
          Ptr y = code.loadPtr(frame + result) + token * (n * to.elementBytes);
          Value factor = emitFactor(code, sumOfSquares(code, x));
          forColumns(code, code.i64(0), code.i64(n), n, from.lanes,
                     [&](Int column, int64_t count) {
                       Value value =
                           multiply(code, load(code, x, column, count), factor);
                       value = emitWeight(code, frame, value, column, count);
                       code.storeFirst(to.round(code, value), count,
                                       y + column * to.elementBytes);
                     });
        });
  }

  Value load(Code &code, Ptr row, Int column, int64_t count) {
    return from.widen(code, code.loadFirst(from.raw(from.lanes), count,
                                           row + column * from.elementBytes));
  }

  static Value multiply(Code &code, Value a, Value b) {
    return arith::MulFOp::create(code.builder, code.loc, a, b);
  }

  /// A scalar.
  Value sumOfSquares(Code &code, Ptr row) {
    Value zero = code.zero(from.accumulator());
    int64_t rest = n % from.lanes;
    Value sum = code.loop(code.i64(0), code.i64(n - rest), from.lanes, {zero},
                          [&](Int column, ValueRange sum) {
                            Value x = load(code, row, column, from.lanes);
                            return Code::Values{code.fma(x, x, sum[0])};
                          })[0];
    if (rest) {
      Value x = load(code, row, code.i64(n - rest), rest);
      sum = code.fma(x, x, sum);
    }
    Value four = from.reduce(code, {sum, zero, zero, zero});
    return vector::ExtractOp::create(code.builder, code.loc, four, 0);
  }

  /// In every lane.
  Value emitFactor(Code &code, Value sum) {
    OpBuilder &builder = code.builder;
    auto constant = [&](double value) {
      return code.f32(builder.getF32Type(), value);
    };
    Value mean =
        arith::DivFOp::create(builder, code.loc, sum, constant(double(n)));
    Value shifted = arith::AddFOp::create(
        builder, code.loc, mean, constant(op.getEpsilon().convertToDouble()));
    Value root = math::SqrtOp::create(builder, code.loc, shifted);
    Value factor = arith::DivFOp::create(
        builder, code.loc, constant(op.getScale().convertToDouble()), root);
    return code.splat(factor, from.accumulator());
  }

  Value emitWeight(Code &code, Ptr frame, Value x, Int column, int64_t count) {
    if (!op.getWeight())
      return x;
    Ptr weights = code.loadPtr(frame + lowering.words.lookup(op.getWeight()));
    return multiply(
        code, x,
        code.loadFirst(from.accumulator(), count, weights + column * 4));
  }
};

} // namespace

FailureOr<RunStage> lowerRmsNorm(Lowering &lowering, RmsNormOp op) {
  Type in = getElementTypeOrSelf(op.getInput());
  Type out = getElementTypeOrSelf(op.getResult());
  const DotForm *from = lowering.formOf(in), *to = lowering.formOf(out);
  if (!from || !to)
    return op.emitError() << "expects input and result in the layer's element "
                             "type "
                          << lowering.form.element
                          << " or f32, but the input is of " << in
                          << " and the result of " << out;
  LLVM::LLVMFuncOp task = RmsNorm(lowering, op, *from, *to).emitTask();
  return RunStage([task, op, &lowering](Code &code, Ptr frame) mutable {
    parallelFor(code, frame, lowering.rows(code, frame, op.getInput()), task);
  });
}

} // namespace moelora::codegen
