// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `rms_norm`, with one warp per token:
//
//   sum += x * x, lane by lane; then over the lanes
//   factor = scale / sqrt(sum / n + epsilon)
//   result = round(x * factor * weight)

#include "gpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

struct RmsNorm {
  RmsNorm(GpuLowering &lowering, RmsNormOp op)
      : op(op), from(getElementTypeOrSelf(op.getInput())),
        to(getElementTypeOrSelf(op.getResult())),
        n(rowElements(op.getInput().getType())),
        input(lowering.words.lookup(op.getInput())),
        result(lowering.resultWord(op, n * bytes(to))),
        kernel(lowering.gpu, lowering.kernelName("rms_norm"), RowThreads),
        code(kernel.code) {
    if (op.getWeight())
      weight = lowering.words.lookup(op.getWeight());
  }

  KernelInfo emit() {
    Named named(code, "rms_norm");
    Ptr rows = kernel.region(input, {0, n * bytes(from)});
    Ptr results = kernel.region(result, {0, n * bytes(to)});
    forTokens(kernel, [&](Int token) {
      Ptr x = rows + code.toI64(token) * (n * bytes(from));
      Ptr y = results + code.toI64(token) * (n * bytes(to));
      Value factor = emitFactor(sumOfSquares(x));
      code.loop(code.lane(), code.i32(n), WarpLanes, [&](Int column) {
        Value value = code.mul(load(x, column), factor);
        code.storeRounded(to, weighted(value, column), y + column * bytes(to));
      });
    });
    return kernel.finish(/*sharedBytes=*/0);
  }

private:
  static int64_t bytes(Type element) {
    return element.getIntOrFloatBitWidth() / 8;
  }
  Value constant(double value) {
    return code.f32(code.builder.getF32Type(), value);
  }
  Value load(Ptr row, Int column) {
    return code.loadWidened(from, row + column * bytes(from));
  }

  Value sumOfSquares(Ptr row) {
    Value sum = code.loop(code.lane(), code.i32(n), WarpLanes, {constant(0)},
                          [&](Int column, ValueRange sum) {
                            Value x = load(row, column);
                            return Code::Values{code.multiplyAdd(x, x, sum[0])};
                          })[0];
    for (int64_t lanes = WarpLanes / 2; lanes > 0; lanes /= 2)
      sum = code.add(sum, code.shuffleXor(sum, lanes));
    return sum;
  }

  Value emitFactor(Value sum) {
    OpBuilder &builder = code.builder;
    Value mean =
        arith::DivFOp::create(builder, code.loc, sum, constant(double(n)));
    Value shifted = code.add(mean, constant(op.getEpsilon().convertToDouble()));
    Value root = LLVM::SqrtOp::create(builder, code.loc, shifted);
    return arith::DivFOp::create(
        builder, code.loc, constant(op.getScale().convertToDouble()), root);
  }

  Value weighted(Value value, Int column) {
    if (weight < 0)
      return value;
    Ptr weights = kernel.region(weight, {4 * n, 0});
    return code.mul(value, code.loadFloat(weights + column * 4));
  }

  RmsNormOp op;
  Type from, to;
  int64_t n, input, result, weight = -1; // words
  Kernel kernel;
  KernelCode &code;
};

} // namespace

FailureOr<RunStage> lowerRmsNorm(GpuLowering &lowering, RmsNormOp op) {
  for (Type type : {op.getInput().getType(), op.getResult().getType()}) {
    Type element = getElementTypeOrSelf(type);
    if (element != lowering.element && !element.isF32())
      return op.emitError()
             << "expects input and result in the layer's "
                "element type "
             << lowering.element << " or f32, but one is of " << element;
  }
  return launchRows(lowering, RmsNorm(lowering, op).emit());
}

} // namespace moelora::codegen
