// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// grouped_matmul with an activation: gate and up.
//
//   task = (tile, range of columns)
//     sums of both slices in f32
//     for row, for step of columns: round(act(g, u)) -> a step of the panel
//
// Weights on the experts' input multiply g and u: the product of a scaled row
// is the scaled product, delta included, and nothing is rounded in between.
//
// The result is stored once, rounded once, as the panel of the next matmul.

#include "Activation.h"
#include "cpu/GroupedMatmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

/// Wide enough to justify gathering rows, and small enough to fit the
/// second-level cache together with the panel.
constexpr int64_t RangeLimit = 512;

struct Activate : GroupedMatmul {
  Activate(Lowering &lowering, GroupedMatmulOp op)
      : GroupedMatmul(lowering, op, RangeLimit),
        split{lowering.frame.word(), n, maxColumns},
        result(lowering.region(op.getPlan(),
                               plan.topK * answer().panelRowBytes(n))) {
    if (op.getInputWeights())
      inputWeights = lowering.words.lookup(op.getInputWeights());
  }

  ColumnSplit split;
  int64_t result, inputWeights = -1; // words

  /// The panel that is stored.
  const DotForm &answer() const { return lowering.form; }

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "activate_" + std::to_string(result),
        [&](Code &code, Ptr frame, Int task, Int worker) {
          Int ranges = split.ranges(code, frame);
          Int width = split.width(code, frame);
          Int index = task / ranges, begin = task % ranges * width;
          Int end = code.least(begin + width, code.i64(n));
          Ptr scratch = workerScratch(code, frame, worker);
          TileView tile = this->tile(code, frame, index);
          Ptr panel = emitPanel(code, frame, scratch, index, tile);
          emitSums(code, frame, scratch, panel, tile, begin, end);
          emitEpilogue(code, frame, scratch, tile, begin, end);
        });
  }

  void emitEpilogue(Code &code, Ptr frame, Ptr scratch, const TileView &tile,
                    Int begin, Int end) {
    Ptr to =
        code.loadPtr(frame + result) + tile.begin * answer().panelRowBytes(n);
    forRowGroups(code, tile.rows, plan.groupRows, [&](RowGroup group) {
      Ptr first = to + group.begin * answer().panelRowBytes(n);
      Int stepBytes = group.rows * answer().panelStepBytes();
      code.loop(code.i64(0), group.rows, 1, [&](Int row) {
        Ptr own = first + row * answer().panelStepBytes();
        Int tileRow = group.begin + row;
        Ptr sums = sum(code, scratch, tileRow);
        Value weight = loadWeight(code, frame, tile.begin + tileRow);
        forColumns(code, begin, end, n, answer().step,
                   [&](Int column, int64_t count) {
                     Value a = emitStep(code, frame, sums, tile, begin, column,
                                        count, weight);
                     answer().pack(code, answer().round(code, a),
                                   own + column / answer().step * stepBytes);
                   });
      });
    });
  }

  /// The weight of a row of the plan, in every lane, or null if there is none.
  Value loadWeight(Code &code, Ptr frame, Int row) {
    if (inputWeights < 0)
      return {};
    Ptr pairs = PlanView{code, frame + plan.word}.rowPair();
    Ptr weight = code.loadPtr(frame + inputWeights) +
                 code.loadInt32(pairs + row * 4) * 4;
    return code.splat(code.load(code.builder.getF32Type(), weight),
                      answer().floats(answer().step));
  }

  /// One step of a row. Columns beyond the matrix are zero instead of the
  /// undefined content of the scratch.
  Value emitStep(Code &code, Ptr frame, Ptr sums, const TileView &tile,
                 Int begin, Int column, int64_t count, Value weight) {
    VectorType type = answer().floats(answer().step);
    auto slice = [&](int64_t index) -> Value {
      Value x = emitAccumulator(
          code, frame, sums + (column - begin) * 4 + index * sliceBytes(),
          tile.expert, index, column, type, count);
      if (!weight)
        return x;
      return arith::MulFOp::create(code.builder, code.loc, weight, x);
    };
    ActivationAttr activation = *op.getActivation();
    Value a =
        activation.getGated()
            ? emitGated(code, Sigmoid::Exact, activation, slice(0), slice(1))
            : emitPlain(code, Sigmoid::Exact, activation, slice(0));
    return count == answer().step ? a : code.first(a, count);
  }
};

} // namespace

FailureOr<RunStage> lowerActivate(Lowering &lowering, GroupedMatmulOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (type.getElementType() != lowering.form.element)
    return op.emitError() << "expects an activation in the layer's element "
                             "type "
                          << lowering.form.element << ", but it is of "
                          << type.getElementType();
  auto stage = std::make_shared<Activate>(lowering, op);
  lowering.words[op.getResult()] = stage->result;
  lowering.panels[op.getResult()] = op.getPlan();
  lowering.frame.needScratch(stage->scratchBytes());
  LLVM::LLVMFuncOp task = stage->emitTask();
  return RunStage([stage, task](Code &code, Ptr frame) {
    PlanView view{code, frame + stage->plan.word};
    Int tasks = stage->split.emitTasks(code, frame, view.tiles());
    stage->emitReset(code, frame);
    parallelFor(code, frame, tasks, task);
  });
}

} // namespace moelora::codegen
