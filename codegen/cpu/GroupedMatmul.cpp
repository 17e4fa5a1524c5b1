// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The common part of grouped matmuls.

#include "cpu/GroupedMatmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

// The columns of a register tile, and the unit of a range of columns.
static constexpr int64_t TileColumns = 4, RangeColumns = 64;
// Floats before and after a row of sums: a whole cache line, so that rows stay
// aligned.
static constexpr int64_t Margin = 16;
static constexpr int64_t GatheredBytes = 64;

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

GroupedMatmul::GroupedMatmul(Lowering &lowering, GroupedMatmulOp op,
                             int64_t maxColumns)
    : lowering(lowering), op(op), plan(lowering.plans.lookup(op.getPlan())),
      stored(*lowering.formOf(getElementTypeOrSelf(op.getInput()))),
      form(*lowering.formOf(getElementTypeOrSelf(op.getWeight()))) {
  auto type = cast<RankedTensorType>(op.getWeight().getType());
  k = type.getShape().back();
  n = type.getShape()[type.getRank() - 2];
  slices = type.getRank() == 4 ? type.getDimSize(1) : 1;
  this->maxColumns = std::min(maxColumns, roundUp(n, RangeColumns));
  input = lowering.words.lookup(op.getInput());
  weight = lowering.words.lookup(op.getWeight());
  if (op.getBias())
    bias = lowering.words.lookup(op.getBias());
  if (op.getShrunk())
    loraRows = lowering.loraRows.lookup(op.getShrunk());
  panelInput = lowering.panels.contains(op.getInput());
}

int64_t GroupedMatmul::rowBytes() const {
  return (roundUp(maxColumns, Margin) + 2 * Margin) * 4;
}
int64_t GroupedMatmul::panelOffset() const { return GatheredBytes; }
int64_t GroupedMatmul::sumsOffset() const {
  int64_t panel = panelInput ? 0 : plan.tileRows * form.panelRowBytes(k);
  return panelOffset() + roundUp(panel, GatheredBytes);
}
int64_t GroupedMatmul::scratchBytes() const {
  return sumsOffset() + slices * sliceBytes();
}

void GroupedMatmul::emitReset(Code &code, Ptr frame) const {
  if (panelInput)
    return;
  code.loop(code.i64(0), workers(code, frame), 1, [&](Int worker) {
    code.store(code.i64(-1), workerScratch(code, frame, worker));
  });
}

TileView GroupedMatmul::tile(Code &code, Ptr frame, Int index) const {
  Ptr at = PlanView{code, frame + plan.word}.tile(index);
  return {code.loadInt32(at + offsetof(moelora_tile, expert)),
          code.loadInt32(at + offsetof(moelora_tile, begin)),
          code.loadInt32(at + offsetof(moelora_tile, rows))};
}

Ptr GroupedMatmul::emitPanel(Code &code, Ptr frame, Ptr scratch, Int index,
                             const TileView &tile) const {
  Ptr source = code.loadPtr(frame + input);
  if (panelInput)
    return source + tile.begin * form.panelRowBytes(k);
  Ptr panel = scratch + panelOffset();
  Value there = code.equal(code.loadInt(scratch), index);
  code.when(
      there, [] {},
      [&] {
        PlanView view{code, frame + plan.word};
        Ptr indices = op.getGather() ? view.rowToken() : view.rowPair();
        gatherPanel(lowering.unit, code, {stored, form, k, plan.groupRows},
                    source, indices + tile.begin * 4, tile.rows, panel);
        code.store(index, scratch);
      });
  return panel;
}

Ptr GroupedMatmul::sum(Code &code, Ptr scratch, Int row, int64_t slice) const {
  return scratch + row * rowBytes() +
         (sumsOffset() + slice * sliceBytes() + Margin * 4);
}

struct GroupedMatmul::Columns {
  Int slice, column; // the first column, moved back for the last group
  Ptr weights, ahead, sums;
};

void GroupedMatmul::emitColumns(Code &code, Ptr frame, Ptr scratch, Ptr panel,
                                const TileView &tile,
                                const Columns &columns) const {
  int64_t aheadBytes = TileColumns * k * form.elementBytes;
  TileShape shape{form, k, std::min(n, TileColumns)};
  Ptr lora = code.null();
  if (loraRows >= 0) {
    shape.loraSlices = slices;
    shape.loraOut = n;
    lora = code.loadPtr(frame + loraRows) +
           (tile.begin * slices + columns.slice) * lora_row::Bytes;
  }
  forRowGroups(code, tile.rows, plan.groupRows, [&](RowGroup group) {
    Int portion = code.i64(aheadBytes) / group.count;
    TileOperands operands{columns.weights,
                          panel + group.begin * form.panelRowBytes(k),
                          group.rows * form.panelStepBytes(),
                          lora + group.begin * (slices * lora_row::Bytes),
                          columns.column,
                          columns.sums + group.begin * rowBytes(),
                          code.i64(rowBytes()),
                          columns.ahead + group.index * portion,
                          code.i64(64) / group.count};
    lowering.tiles.call(code, shape, group.rows, plan.groupRows, operands);
  });
}

void GroupedMatmul::emitSums(Code &code, Ptr frame, Ptr scratch, Ptr panel,
                             const TileView &tile, Int begin, Int end) const {
  int64_t weightRow = k * form.elementBytes;
  Ptr weights =
      code.loadPtr(frame + weight) + tile.expert * (slices * n * weightRow);
  Int last = code.i64(std::max<int64_t>(n - TileColumns, 0));
  code.loop(code.i64(0), code.i64(slices), 1, [&](Int slice) {
    Ptr own = weights + slice * (n * weightRow);
    Ptr sums = sum(code, scratch, code.i64(0)) + slice * sliceBytes();
    code.loop(begin, end, TileColumns, [&](Int feature) {
      Int column = code.least(feature, last);
      Ptr rows = own + column * weightRow;
      Int following = feature + TileColumns;
      Ptr ahead =
          code.select(code.less(following, end), own + following * weightRow,
                      own + (begin + n) * weightRow);
      emitColumns(code, frame, scratch, panel, tile,
                  {slice, column, rows, ahead, sums + (column - begin) * 4});
    });
  });
}

Value GroupedMatmul::emitAccumulator(Code &code, Ptr frame, Ptr sums,
                                     Int expert, int64_t slice, Int column,
                                     VectorType type, int64_t count) const {
  Value sum = code.load(type, sums);
  if (bias < 0)
    return sum;
  Ptr at =
      code.loadPtr(frame + bias) + ((expert * slices + slice) * n + column) * 4;
  Value added = code.loadFirst(type, count, at);
  if (op.getOnce()) {
    Int coordinate = lowering.ranks.coordinate(code, frame, Axis::Tp);
    added = code.select(code.equal(coordinate, code.i64(0)), added,
                        code.zero(type));
  }
  return arith::AddFOp::create(code.builder, code.loc, sum, added);
}

Int ColumnSplit::ranges(Code &code, Ptr frame) const {
  Int columns = width(code, frame);
  return (columns + (n - 1)) / columns;
}

/// The number of tasks per worker that balances tiles of different sizes.
static constexpr int64_t TasksPerWorker = 8;

Int ColumnSplit::emitTasks(Code &code, Ptr frame, Int tiles) const {
  Int wanted = workers(code, frame) * TasksPerWorker;
  auto rangesOf = [&](Int width) { return (width + (n - 1)) / width; };
  Int width = code.iterate(
      code.i64(maxColumns),
      [&](Int width) {
        Value wide = code.less(code.i64(RangeColumns), width);
        Value few = code.less(tiles * rangesOf(width), wanted);
        return arith::AndIOp::create(code.builder, code.loc, wide, few)
            .getResult();
      },
      [&](Int width) {
        return (width / 2 + (RangeColumns - 1)) / RangeColumns * RangeColumns;
      });
  code.store(width, frame + word);
  return tiles * rangesOf(width);
}

void forColumns(Code &code, Int begin, Int end, int64_t n, int64_t lanes,
                llvm::function_ref<void(Int column, int64_t count)> body) {
  int64_t rest = n % lanes;
  code.loop(begin, code.least(end, code.i64(n - rest)), lanes,
            [&](Int column) { body(column, lanes); });
  if (rest)
    code.when(code.equal(end, code.i64(n)),
              [&] { body(code.i64(n - rest), rest); });
}

static LogicalResult verifyMatmul(Lowering &lowering, GroupedMatmulOp op) {
  Type input = getElementTypeOrSelf(op.getInput());
  Type weight = getElementTypeOrSelf(op.getWeight());
  if (lowering.panels.contains(op.getInput()) && weight != input)
    return op.emitError() << "expects an activation and the weight to have one "
                             "element type, but the activation is of "
                          << input << " and the weight of " << weight;
  return lowering.expectPanel(op, op.getInput(), op.getPlan(), op.getGather());
}

static FailureOr<RunStage> lowerEpilogue(Lowering &lowering,
                                         GroupedMatmulOp op) {
  if (op.getActivation())
    return lowerActivate(lowering, op);
  if (op.combines())
    return lowerCombine(lowering, op);
  return lowerAccumulate(lowering, op);
}

FailureOr<RunStage> lowerGroupedMatmul(Lowering &lowering, GroupedMatmulOp op) {
  if (failed(verifyMatmul(lowering, op)))
    return failure();
  if (!op.getGatherShrunk())
    return lowerEpilogue(lowering, op);
  RunStage first = lowerGatheredRows(lowering, op);
  FailureOr<RunStage> second = lowerEpilogue(lowering, op);
  if (failed(second))
    return failure();
  return RunStage([=, second = *second](Code &code, Ptr frame) {
    first(code, frame);
    second(code, frame);
  });
}

} // namespace moelora::codegen
