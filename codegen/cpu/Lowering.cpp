// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares a layer: its arguments, and then its stages in order.

#include "cpu/Lowering.h"
#include "moelora/dialect/RowAxes.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

/// A stripe of the combined output of this number of tokens stays in the
/// second-level cache.
static constexpr int64_t ChunkTokens = 1024;

/// The number of tokens of a chunk that have pairs.
static void storeValid(Code &code, Ptr frame) {
  Int tokens = code.loadInt(frame + Frame::Tokens);
  code.store(tokens, frame + Frame::Valid);
  Ptr args = code.loadPtr(frame + Frame::Args);
  Ptr valid = code.loadPtr(args + offsetof(moelora_run_args, valid_tokens));
  code.when(
      code.isNull(valid), [] {},
      [&] {
        Int begin = code.loadInt(frame + Frame::Begin);
        Int rest = code.most(code.loadInt32(valid) - begin, code.i64(0));
        code.store(code.least(rest, tokens), frame + Frame::Valid);
      });
}

Lowering::Lowering(LayerOp layer, Unit &unit, const DotForm &form,
                   const DotForm &wide)
    : LayerCode(layer, unit, ChunkTokens), form(form), tiles(unit, form),
      wide(wide) {
  services = MOELORA_SERVICE_PARALLEL_FOR;
  beginChunk = storeValid;
}

Int Lowering::validRows(Code &code, Ptr frame, Value plan) {
  return gatheredOver(plan) ? rows(code, frame, plan)
                            : code.loadInt(frame + Frame::Valid);
}

const DotForm *Lowering::formOf(Type element) const {
  if (element == form.element)
    return &form;
  return element.isF32() ? &wide : nullptr;
}

LogicalResult Lowering::expectPanel(Operation *op, Value value, Value plan,
                                    bool gather) const {
  Value order = panels.lookup(value);
  if (order && order != plan)
    return op->emitError() << "expects the activation to be of the same plan";
  if (order && gather)
    return op->emitError() << "expects an activation to be read pair by pair, "
                              "but it is gathered by token";
  return success();
}

LogicalResult Lowering::expectRows(Operation &op) const {
  for (OpOperand &operand : op.getOpOperands()) {
    // The first operand of both is their input.
    bool multiplied =
        isa<GroupedMatmulOp, ShrinkOp>(op) && operand.getOperandNumber() == 0;
    if (panels.contains(operand.get()) && !multiplied)
      return op.emitError() << "expects an activation to be the input of a "
                               "grouped_matmul or a shrink only";
  }
  return success();
}

LogicalResult Lowering::declareStage(Operation &op) {
  if (failed(expectRows(op)))
    return failure();
  auto stage =
      llvm::TypeSwitch<Operation *, FailureOr<RunStage>>(&op)
          .Case([&](ResolveSlotsOp op) { return resolveSlots(op); })
          .Case([&](RouteOp op) { return lowerRoute(*this, op); })
          .Case([&](IdentityWeightOp op) {
            return lowerIdentityWeight(*this, op);
          })
          .Case([&](PlanOp op) { return lowerPlan(*this, op); })
          .Case([&](ShrinkOp op) { return lowerShrink(*this, op); })
          .Case(
              [&](GroupedMatmulOp op) { return lowerGroupedMatmul(*this, op); })
          .Case([&](RmsNormOp op) { return lowerRmsNorm(*this, op); })
          .Case([&](AllGatherOp op) { return lowerAllGather(*this, op); })
          .Case([&](OwnOp op) { return lowerOwn(*this, op); })
          .Case([&](ReduceOp op) { return lowerReduce(*this, op); })
          .Case([&](FinishOp op) { return lowerFinish(*this, op); })
          .Default([](Operation *op) {
            return op->emitError()
                   << "expects a layer at the fused level, but it has a "
                   << op->getName();
          });
  if (failed(stage))
    return failure();
  stages.push_back({&op, *stage});
  return success();
}

LogicalResult Lowering::declare() {
  if (failed(declareArguments(PageOrder::RowMajor, "a CPU")))
    return failure();
  for (Operation &op : layer.getBody().front().without_terminator())
    if (failed(declareStage(op)))
      return failure();
  auto matmul = output().getDefiningOp<GroupedMatmulOp>();
  if ((matmul && matmul.combines()) ||
      isa_and_nonnull<RmsNormOp, FinishOp>(output().getDefiningOp()))
    return success();
  return layer.emitOpError()
         << "expects its output to be a grouped_matmul with "
            "combine or sum, an rms_norm, or a finish";
}

} // namespace moelora::codegen
