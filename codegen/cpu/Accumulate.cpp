// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// grouped_matmul without an epilogue, whose result is the accumulator as f32
// rows indexed by the pair. It computes router logits, and the parts of the
// shared expert that another op reads.

#include "cpu/GroupedMatmul.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t RangeLimit = 512;

struct Accumulate : GroupedMatmul {
  Accumulate(Lowering &lowering, GroupedMatmulOp op)
      : GroupedMatmul(lowering, op, RangeLimit),
        split{lowering.frame.word(), n, maxColumns},
        result(lowering.region(op.getPlan(), plan.topK * n * 4)) {}

  ColumnSplit split;
  int64_t result; // word

  LLVM::LLVMFuncOp emitTask() {
    return taskFunction(
        lowering.unit, "accumulate_" + std::to_string(result),
        [&](Code &code, Ptr frame, Int task, Int worker) {
          Int ranges = split.ranges(code, frame);
          Int width = split.width(code, frame);
          Int index = task / ranges, begin = task % ranges * width;
          Int end = code.least(begin + width, code.i64(n));
          Ptr scratch = workerScratch(code, frame, worker);
          TileView tile = this->tile(code, frame, index);
          Ptr panel = emitPanel(code, frame, scratch, index, tile);
          emitSums(code, frame, scratch, panel, tile, begin, end);
          emitRows(code, frame, scratch, tile, begin, end);
        });
  }

  /// Tokens that are not valid have no pairs, but what reads the result does so
  /// for all tokens.
  void emitOthers(Code &code, Ptr frame) {
    Int valid = lowering.validRows(code, frame, op.getPlan());
    Int others = lowering.rows(code, frame, op.getPlan()) - valid;
    int64_t rowBytes = plan.topK * n * 4;
    code.clear(code.loadPtr(frame + result) + valid * rowBytes,
               others * rowBytes);
  }

  void emitRows(Code &code, Ptr frame, Ptr scratch, const TileView &tile,
                Int begin, Int end) {
    Ptr pairs = PlanView{code, frame + plan.word}.rowPair();
    VectorType type = form.accumulator();
    code.loop(code.i64(0), tile.rows, 1, [&](Int row) {
      Int pair = code.loadInt32(pairs + (tile.begin + row) * 4);
      Ptr to = code.loadPtr(frame + result) + pair * (n * 4);
      Ptr sums = sum(code, scratch, row);
      forColumns(code, begin, end, n, form.lanes,
                 [&](Int column, int64_t count) {
                   Value value =
                       emitAccumulator(code, frame, sums + (column - begin) * 4,
                                       tile.expert, 0, column, type, count);
                   code.storeFirst(value, count, to + column * 4);
                 });
    });
  }
};

} // namespace

FailureOr<RunStage> lowerAccumulate(Lowering &lowering, GroupedMatmulOp op) {
  auto stage = std::make_shared<Accumulate>(lowering, op);
  if (stage->slices != 1)
    return op.emitError() << "expects a grouped_matmul of " << stage->slices
                          << " slices to have an activation";
  lowering.words[op.getResult()] = stage->result;
  lowering.frame.needScratch(stage->scratchBytes());
  LLVM::LLVMFuncOp task = stage->emitTask();
  return RunStage([stage, task](Code &code, Ptr frame) {
    PlanView view{code, frame + stage->plan.word};
    Int tasks = stage->split.emitTasks(code, frame, view.tiles());
    stage->emitReset(code, frame);
    stage->emitOthers(code, frame);
    parallelFor(code, frame, tasks, task);
  });
}

} // namespace moelora::codegen
