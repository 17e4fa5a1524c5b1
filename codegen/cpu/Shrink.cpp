// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `shrink`: u = scale * (A x), rounded once.
//
//   task = segment: rows of one expert and slot inside one row group
//     for slice: for four ranks: the same register tile, with W := A
//     u[row][slice] = round(scale * sums)
//     lora_row[row][slice] = B, u, pages
//
// Only existing ranks are computed, in pages of 16. Rows without a pair keep
// the initial count of zero pages. If UP shares the A of GATE, its rows point
// to GATE's u.
//
// If the experts share A, u has a row for each token. Then the stage computes u
// alone, and a stage of the grouped matmul writes lora_row, for its own plan.

#include "Projections.h"
#include "cpu/Lowering.h"
#include "cpu/Panel.h"
#include "cpu/Services.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t PageRanks = MOELORA_PAGE_RANKS;

struct Shrink {
  /// The task goes over the segments of `plan`.
  Shrink(Lowering &lowering, ShrinkOp op, Value plan);

  Lowering &lowering;
  ShrinkOp op;
  Value ofPlan;
  PlanInfo plan;
  bool computesU = true, writesRows = true; // what the task does
  SmallVector<int64_t> projections;         // of the slices
  int64_t k, slices, ranks;                 // ranks: the bound, whole pages
  int64_t input, u = -1, rows = -1;         // words
  bool panel;                               // the input is an activation

  const DotForm &form() const { return lowering.form; }
  int64_t panelBytes() const {
    return plan.groupRows * form().panelRowBytes(k);
  }
  int64_t uBytes() const { return ranks * form().elementBytes; }
  int64_t slicesPerToken() const { return plan.topK * slices; }

  RunStage emit();

private:
  LLVM::LLVMFuncOp emitTask();
};

/// A moelora_pair that has been read.
struct Pair {
  Ptr a, b;
  Int pages, sharesA;
  Value scale;
};

/// The data of one segment for its task.
class Segment {
public:
  Segment(Shrink &stage, Code &code, Ptr frame, Int task, Int worker)
      : stage(stage), code(code), frame(frame),
        view{code, frame + stage.plan.word}, segment(view.segment(task)),
        expert(field(offsetof(moelora_segment, expert))),
        begin(field(offsetof(moelora_segment, begin))),
        rows(field(offsetof(moelora_segment, rows))),
        scratch(workerScratch(code, frame, worker)) {}

  void emit() {
    Ptr image = findImage();
    code.when(
        code.isNull(image), [] {},
        [&] {
          if (stage.computesU)
            findPanel();
          for (int64_t slice = 0; slice < stage.slices; ++slice)
            emitSlice(image, slice);
        });
  }

private:
  Int field(int64_t offset) { return code.loadInt32(segment + offset); }

  /// The image in the segment's slot, from the directory word that the step has
  /// read. Null if no image is published.
  Ptr findImage() {
    Int slot = field(offsetof(moelora_segment, slot));
    Ptr step = code.loadPtr(frame + Frame::Step);
    Ptr words = code.loadPtr(step + offsetof(moelora_step_view, word));
    constexpr int64_t address = (int64_t(1) << MOELORA_WORD_ADDRESS_BITS) - 1;
    Int units = code.loadInt(words + slot * 8) & address;
    return code.toPtr(units * MOELORA_WORD_ADDRESS_UNIT);
  }

  /// `units` of 64 bytes into the image.
  static Ptr inImage(Ptr image, Int units) {
    return image + units * MOELORA_IMAGE_UNIT;
  }

  /// Reads a pair of the image. The number of pages is limited to that of the
  /// table, because there is no memory for more.
  Pair readPair(Ptr image, Int pairs) {
    Ptr pair = inImage(image, pairs) + expert * sizeof(moelora_pair);
    auto part = [&](int64_t offset) {
      return inImage(image, code.loadUnsigned(pair + offset, 32));
    };
    Int pages = code.loadUnsigned(pair + offsetof(moelora_pair, pages), 16);
    Int flags = code.loadUnsigned(pair + offsetof(moelora_pair, flags), 16);
    Value scale = code.load(code.builder.getF32Type(),
                            pair + offsetof(moelora_pair, scale));
    return {part(offsetof(moelora_pair, a)), part(offsetof(moelora_pair, b)),
            code.least(pages, code.i64(stage.ranks / PageRanks)),
            flags & MOELORA_PAIR_SHARES_A, scale};
  }

  /// Rows of an activation are read in place; other rows are gathered.
  void findPanel() {
    const DotForm &form = stage.form();
    Ptr input = code.loadPtr(frame + stage.input);
    if (stage.panel) {
      Int group = field(offsetof(moelora_segment, group_begin));
      panel = input + group * form.panelRowBytes(stage.k) +
              (begin - group) * form.panelStepBytes();
      panelStep =
          field(offsetof(moelora_segment, group_rows)) * form.panelStepBytes();
      return;
    }
    panel = scratch;
    panelStep = rows * form.panelStepBytes();
    Ptr indices = stage.op.getGather() ? view.rowToken() : view.rowPair();
    gatherPanel(stage.lowering.unit, code,
                {form, form, stage.k, stage.plan.groupRows}, input,
                indices + begin * 4, rows, panel);
  }

  /// Does nothing if the image has no pairs of the projection.
  void emitSlice(Ptr image, int64_t slice) {
    Int row = code.loadInt(frame + Frame::Layer) * MOELORA_PROJECTIONS +
              stage.projections[slice];
    Int pairs = code.loadUnsigned(image + row * 4, 32);
    code.when(
        code.equal(pairs, code.i64(0)), [] {},
        [&] { emitPair(readPair(image, pairs), slice); });
  }

  void emitPair(const Pair &pair, int64_t slice) {
    Int pages = pair.pages, ownPages = pages;
    Int source = code.i64(slice);
    if (slice > 0) {
      Value own = code.equal(pair.sharesA, code.i64(0));
      source = code.select(own, source, code.i64(0));
      ownPages = code.select(own, pages, code.i64(0));
    }
    if (stage.computesU) {
      emitSums(pair, ownPages);
      emitScale(pair, ownPages, slice);
    }
    if (stage.writesRows)
      emitRows(pair, pages, slice, source);
  }

  Ptr sums() { return scratch + stage.panelBytes(); }

  void emitSums(const Pair &pair, Int pages) {
    Ptr a = pair.a;
    int64_t rowBytes = stage.k * stage.form().elementBytes;
    code.loop(code.i64(0), pages * PageRanks, 4, [&](Int rank) {
      TileOperands operands{a + rank * rowBytes,
                            panel,
                            panelStep,
                            code.null(),
                            rank,
                            sums() + rank * 4,
                            code.i64(stage.ranks * 4),
                            a + (rank + 4) * rowBytes,
                            code.i64(64)};
      stage.lowering.tiles.call(code, {stage.form(), stage.k, 4}, rows,
                                stage.plan.groupRows, operands);
    });
  }

  void emitScale(const Pair &pair, Int pages, int64_t slice) {
    VectorType type = stage.form().floats(PageRanks);
    Value scale = code.splat(pair.scale, type);
    code.loop(code.i64(0), rows, 1, [&](Int row) {
      Ptr from = sums() + row * (stage.ranks * 4);
      Ptr to = uOf(row, code.i64(slice));
      code.loop(code.i64(0), pages, 1, [&](Int page) {
        Value sum = code.load(type, from + page * (PageRanks * 4));
        Value scaled =
            arith::MulFOp::create(code.builder, code.loc, sum, scale);
        code.store(stage.form().round(code, scaled),
                   to + page * (PageRanks * stage.form().elementBytes));
      });
    });
  }

  Ptr uOf(Int row, Int slice) {
    Int index = begin + row;
    if (stage.op.isOfTokens())
      index = code.loadInt32(view.rowToken() + index * 4);
    return code.loadPtr(frame + stage.u) +
           (index * stage.slices + slice) * stage.uBytes();
  }

  void emitRows(const Pair &pair, Int pages, int64_t slice, Int source) {
    Ptr all = code.loadPtr(frame + stage.rows);
    code.loop(code.i64(0), rows, 1, [&](Int row) {
      Ptr entry =
          all + ((begin + row) * stage.slices + slice) * lora_row::Bytes;
      code.store(pair.b, entry + lora_row::B);
      code.store(uOf(row, source), entry + lora_row::U);
      code.store(pages, entry + lora_row::Pages);
    });
  }

  Shrink &stage;
  Code &code;
  Ptr frame;
  PlanView view;
  Ptr segment;
  Int expert, begin, rows;
  Ptr scratch, panel{};
  Int panelStep{};
};

Shrink::Shrink(Lowering &lowering, ShrinkOp op, Value plan)
    : lowering(lowering), op(op), ofPlan(plan),
      plan(lowering.plans.lookup(plan)) {
  SlotTableType table = op.getTable().getType();
  unsigned argument = cast<BlockArgument>(op.getTable()).getArgNumber();
  slices = table.getSlices();
  projections = projectionsOf(lowering.layer.getRole(argument), slices);
  k = table.getIn();
  ranks = (table.getMaxRank() + PageRanks - 1) / PageRanks * PageRanks;
  input = lowering.words.lookup(op.getInput());
  panel = lowering.panels.contains(op.getInput());
}

RunStage Shrink::emit() {
  if (writesRows)
    rows = lowering.region(ofPlan, slicesPerToken() * lora_row::Bytes);
  LLVM::LLVMFuncOp task = emitTask();
  int64_t rowBytes = slices * lora_row::Bytes;
  return RunStage(
      [=, word = rows, planWord = plan.word](Code &code, Ptr frame) {
        PlanView view{code, frame + planWord};
        if (word >= 0)
          code.clear(code.loadPtr(frame + word), view.rows() * rowBytes);
        parallelFor(code, frame, view.segments(), task);
      });
}

LLVM::LLVMFuncOp Shrink::emitTask() {
  std::string name = "shrink_" + std::to_string(writesRows ? rows : u);
  return taskFunction(lowering.unit, name,
                      [&](Code &code, Ptr frame, Int task, Int worker) {
                        Segment(*this, code, frame, task, worker).emit();
                      });
}

LogicalResult verifyShrink(Lowering &lowering, ShrinkOp op) {
  SlotTableType table = op.getTable().getType();
  Type rows = getElementTypeOrSelf(op.getInput());
  if (rows != lowering.form.element)
    return op.emitError() << "expects adapters to read the layer's element "
                             "type "
                          << lowering.form.element << ", but the input is of "
                          << rows;
  if (table.getElementType() != lowering.form.element)
    return op.emitError() << "expects adapters in the layer's element type "
                          << lowering.form.element << ", but the table has "
                          << table.getElementType();
  if (!isa<BlockArgument>(op.getTable()))
    return op.emitError() << "expects the table to be an argument of the layer";
  return lowering.expectPanel(op, op.getInput(), op.getPlan(), op.getGather());
}

} // namespace

FailureOr<RunStage> lowerShrink(Lowering &lowering, ShrinkOp op) {
  if (failed(verifyShrink(lowering, op)))
    return failure();
  Shrink stage(lowering, op, op.getPlan());
  stage.writesRows = !op.isOfTokens();
  stage.u =
      lowering.region(op.getPlan(), stage.slicesPerToken() * stage.uBytes());
  lowering.words[op.getResult()] = stage.u;
  lowering.frame.needScratch(stage.panelBytes() +
                             stage.plan.groupRows * stage.ranks * 4);
  RunStage run = stage.emit();
  lowering.loraRows[op.getResult()] = stage.rows;
  return run;
}

RunStage lowerGatheredRows(Lowering &lowering, GroupedMatmulOp op) {
  auto shrink = op.getShrunk().getDefiningOp<ShrinkOp>();
  Shrink stage(lowering, shrink, op.getPlan());
  stage.computesU = false;
  stage.u = lowering.words.lookup(op.getShrunk());
  RunStage run = stage.emit();
  lowering.loraRows[op.getShrunk()] = stage.rows;
  return run;
}

} // namespace moelora::codegen
