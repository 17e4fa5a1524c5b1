// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `finish`, with one task per token:
//
//   result = round(sum + routed_scale * weight * x)

#include "cpu/GroupedMatmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

struct Finish {
  Finish(Lowering &lowering, FinishOp op, const DotForm &from,
         const DotForm &to)
      : lowering(lowering), op(op), from(from), to(to),
        n(rowElements(op.getSum().getType())),
        sum(lowering.words.lookup(op.getSum())),
        result(lowering.resultWord(op, n * to.elementBytes)) {}

  Lowering &lowering;
  FinishOp op;
  const DotForm &from, &to;
  int64_t n, sum, result; // words

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "finish_" + std::to_string(result),
        [&](Code &code, Ptr frame, Int token, Int) {
          Ptr x = code.loadPtr(frame + sum) + token * (n * from.elementBytes);
          Ptr y = code.loadPtr(frame + result) + token * (n * to.elementBytes);
          Value factor = emitFactor(code, frame, token);
          forColumns(code, code.i64(0), code.i64(n), n, from.lanes,
                     [&](Int column, int64_t count) {
                       Value value = load(code, from, x, column, count);
                       if (factor)
                         value = code.fma(factor,
                                          load(code, to,
                                               identityRow(code, frame, token),
                                               column, count),
                                          value);
                       code.storeFirst(to.round(code, value), count,
                                       y + column * to.elementBytes);
                     });
        });
  }

  Value load(Code &code, const DotForm &form, Ptr row, Int column,
             int64_t count) {
    return form.widen(code, code.loadFirst(form.raw(form.lanes), count,
                                           row + column * form.elementBytes));
  }

  Ptr identityRow(Code &code, Ptr frame, Int token) {
    return code.loadPtr(frame + lowering.words.lookup(op.getIdentity())) +
           token * (n * to.elementBytes);
  }

  /// routed_scale * weight in every lane; null without identity rows.
  Value emitFactor(Code &code, Ptr frame, Int token) {
    if (!op.getIdentity())
      return {};
    Ptr weights =
        code.loadPtr(frame + lowering.words.lookup(op.getIdentityWeights()));
    Type f32 = code.builder.getF32Type();
    Value scale = code.f32(f32, op.getRoutedScale().convertToDouble());
    Value weight = code.load(f32, weights + token * 4);
    return code.splat(
        arith::MulFOp::create(code.builder, code.loc, scale, weight),
        from.accumulator());
  }
};

} // namespace

FailureOr<RunStage> lowerFinish(Lowering &lowering, FinishOp op) {
  Type out = getElementTypeOrSelf(op.getResult());
  const DotForm *from = lowering.formOf(getElementTypeOrSelf(op.getSum())),
                *to = lowering.formOf(out);
  if (!from || !to)
    return op.emitError() << "expects a result in the layer's element type "
                          << lowering.form.element << " or f32, but it is of "
                          << out;
  LLVM::LLVMFuncOp task = Finish(lowering, op, *from, *to).emitTask();
  return RunStage([task, op, &lowering](Code &code, Ptr frame) mutable {
    parallelFor(code, frame, lowering.rows(code, frame, op.getSum()), task);
  });
}

} // namespace moelora::codegen
