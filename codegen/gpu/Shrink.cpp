// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `shrink`: u = scale * (A x), rounded once.
//
//   for each block of 8 rows of a tile, of this thread block:
//     for each segment of rows that touches it, each slice, each page:
//       16 ranks x 8 rows: each of the 4 warps adds a quarter of K
//       warp 0 adds the quarters in order, scales, rounds, stores
//
// Ranks of a page are stored in the order in which `expand` reads them: those
// of a lane next to each other, 2t, 2t + 1, 2t + 8, 2t + 9.

#include "Projections.h"
#include "gpu/MainLoop.h"
#include "gpu/Pages.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t Warps = 4, Threads = Warps * WarpLanes;
constexpr int64_t MostBlocks = 2048;
/// The four sums of each lane of each warp.
constexpr int64_t SharedBytes = Threads * 16;

struct ShrinkOperands {
  ShrinkOperands(GpuLowering &lowering, ShrinkOp op);

  const GpuPlan *plan;
  Type element;
  SmallVector<int64_t> projections;
  int64_t k, slices, ranks;
  RowOrder order;
  int64_t pitch;         // of the input, in bytes
  int64_t input, result; // words

  RegionSize inputRegion() const {
    return {0, (order == RowOrder::Token ? 1 : plan->topK) * pitch};
  }
  RegionSize resultRegion() const { return plan->perPair(slices * ranks * 2); }
};

class ShrinkKernel {
public:
  ShrinkKernel(GpuLowering &lowering, const ShrinkOperands &operands);
  KernelInfo emit();

private:
  void emitBlock(Int first);
  void emitSlice(Ptr segment, int64_t slice, Int begin, Int end);
  void emitPage(Ptr a, Int page, int64_t slice, Value scale, Int begin,
                Int end);
  Code::Values partial(Ptr a, Int page);
  Registers<2> loadRow(Int k);
  Value loadPair(Int k);
  void store(Value sums, Int page, int64_t slice, Value scale, Int begin,
             Int end);

  const ShrinkOperands &operands;
  Kernel kernel;
  KernelCode &code;
  GpuPlanView plan;
  Ptr shared, input, result;
  Int lane, warp, group, quad;
  GpuPlanView::Tile tile{};
  Ptr row{};        // of the input, that this lane reads
  Int firstToken{}; // of the block, a row of the plan
};

} // namespace

ShrinkOperands::ShrinkOperands(GpuLowering &lowering, ShrinkOp op)
    : plan(&lowering.planOf(op.getPlan())), element(lowering.element) {
  SlotTableType table = op.getTable().getType();
  auto argument = cast<BlockArgument>(op.getTable());
  slices = table.getSlices();
  projections =
      projectionsOf(lowering.layer.getRole(argument.getArgNumber()), slices);
  k = table.getIn();
  ranks = plan->mostPages * MOELORA_PAGE_RANKS;
  auto planned = lowering.planned.find(op.getInput());
  bool isPlanned = planned != lowering.planned.end();
  order = isPlanned        ? RowOrder::Plan
          : op.getGather() ? RowOrder::Token
                           : RowOrder::Pair;
  pitch = isPlanned ? planned->second.pitch : 2 * k;
  input = lowering.words.lookup(op.getInput());
  result = lowering.frame.region(resultRegion());
  lowering.words[op.getResult()] = result;
}

ShrinkKernel::ShrinkKernel(GpuLowering &lowering,
                           const ShrinkOperands &operands)
    : operands(operands),
      kernel(lowering.gpu, lowering.kernelName("shrink"), Threads),
      code(kernel.code), plan(kernel, *operands.plan), shared(code.shared()),
      input(kernel.region(operands.input, operands.inputRegion())),
      result(kernel.region(operands.result, operands.resultRegion())),
      lane(code.lane()), warp(code.warp()), group(lane >> 2), quad(lane & 3) {}

KernelInfo ShrinkKernel::emit() {
  Named named(code, "shrink");
  // Tiles have a power of two of tokens.
  Int shift = code.lowestOne(kernel.number(operands.plan->tile)) - 3;
  Int blocks = code.i32(1) << shift;
  forTiles(code, plan.tiles() * blocks, [&](Int index) {
    Int tileIndex = index >> shift;
    tile = plan.tile(tileIndex);
    Int first = (index - tileIndex * blocks) * MmaTokens;
    code.when(code.less(first, tile.rows), [&] { emitBlock(first); });
  });
  return kernel.finish(SharedBytes);
}

void ShrinkKernel::emitBlock(Int first) {
  Int end = code.least(first + MmaTokens, tile.rows);
  firstToken = tile.begin + first;
  Int index = tile.begin + code.least(first + group, tile.rows - 1);
  if (operands.order != RowOrder::Plan) {
    index = plan.pairOfRow(index);
    if (operands.order == RowOrder::Token)
      index = index / operands.plan->topK;
  }
  row = input + code.toI64(index) * operands.pitch;
  code.repeat(
      firstToken.value,
      [&](ValueRange begin) {
        return code.less({&code, begin[0]}, tile.begin + end);
      },
      [&](ValueRange state) {
        Int begin{&code, state[0]};
        Ptr segment = plan.segment(begin);
        Int segmentEnd = plan.segmentEnd(segment);
        for (int64_t slice = 0; slice < operands.slices; ++slice)
          emitSlice(segment, slice, begin,
                    code.least(segmentEnd, tile.begin + end));
        return Code::Values{segmentEnd.value};
      });
}

/// Nothing, if this slice shares the A of the slice before.
void ShrinkKernel::emitSlice(Ptr segment, int64_t slice, Int begin, Int end) {
  auto pair = plan.pair(segment, operands.projections[size_t(slice)]);
  Int pages = pair.pages;
  if (slice > 0)
    pages =
        code.select(code.equal(pair.sharesA, code.i32(0)), pages, code.i32(0));
  int64_t pageBytes = pageBlocks(operands.k) * PageBlockBytes;
  code.loop(code.i32(0), pages, 1, [&](Int page) {
    emitPage(pageAt(code, pair.a, page, pageBytes), page, slice, pair.scale,
             begin, end);
  });
}

/// One page of ranks: the parts of the warps, then their sum in one warp.
void ShrinkKernel::emitPage(Ptr a, Int page, int64_t slice, Value scale,
                            Int begin, Int end) {
  Value part = code.pack(partial(a, page));
  Ptr own = shared + lane * 16;
  code.store(part, own + warp * (WarpLanes * 16), 16);
  code.barrier();
  code.when(code.equal(warp, code.i32(0)), [&] {
    Value sum = code.load(part.getType(), own, 16);
    for (int64_t other = 1; other < Warps; ++other)
      sum = code.add(
          sum, code.load(part.getType(), own + other * (WarpLanes * 16), 16));
    store(sum, page, slice, scale, begin, end);
  });
  code.barrier();
}

Code::Values ShrinkKernel::partial(Ptr a, Int page) {
  int64_t blocks = pageBlocks(operands.k), share = (blocks + Warps - 1) / Warps;
  Int first = warp * share;
  Int last = code.least(first + share, code.i32(blocks));
  Code::Values zero(4, code.f32(code.builder.getF32Type(), 0));
  Ptr own = a + lane * 16;
  return code.loop(first, last, 1, zero, [&](Int block, ValueRange sums) {
    Registers<4> ranks = loadFragment(code, own + block * PageBlockBytes);
    Registers<4> result =
        code.multiply(operands.element, ranks, loadRow(block * PageBlock),
                      {sums[0], sums[1], sums[2], sums[3]});
    return Code::Values(result.begin(), result.end());
  });
}

/// The lane's elements k + 2t, 2t + 1 and k + 2t + 8, 2t + 9 of its row.
Registers<2> ShrinkKernel::loadRow(Int k) {
  Int first = k + quad * 2;
  return {loadPair(first), loadPair(first + 8)};
}

/// Elements k and k + 1 of the row; zero beyond the last one.
Value ShrinkKernel::loadPair(Int k) {
  Type i16 = code.builder.getI16Type(), i32 = code.builder.getI32Type();
  Ptr at = row + k * 2;
  bool even = operands.k % 2 == 0;
  if (operands.k % PageBlock == 0)
    return code.load(i32, at);
  auto guarded = [&](Int index, Type type, Ptr from) {
    Value zero = code.zero(type);
    return code.choose(
        code.less(index, code.i32(operands.k)),
        [&] { return Code::Values{code.load(type, from)}; },
        [&] { return Code::Values{zero}; })[0];
  };
  if (even)
    return guarded(k, i32, at);
  auto wide = [&](Value half) {
    return Int{&code,
               arith::ExtUIOp::create(code.builder, code.loc, i32, half)};
  };
  return (wide(guarded(k, i16, at)) | (wide(guarded(k + 1, i16, at + 2)) << 16))
      .value;
}

/// Sums i are of rank g + 8 (i / 2) and row 2t + i % 2.
void ShrinkKernel::store(Value sums, Int page, int64_t slice, Value scale,
                         Int begin, Int end) {
  // The position of rank g in its page; that of rank g + 8 is 2 further.
  Int position = (group >> 1) * 4 + (group & 1);
  for (int64_t i = 0; i < 2; ++i) {
    Int token = firstToken + quad * 2 + i;
    Value inside =
        code.both(code.less(begin - 1, token), code.less(token, end));
    code.when(inside, [&] {
      Int index = token * operands.slices + slice;
      Ptr to = result + code.toI64(index) * (operands.ranks * 2) +
               (page * PageBlock + position) * 2;
      for (int64_t half = 0; half < 2; ++half)
        code.storeRounded(operands.element,
                          code.mul(code.lane(sums, 2 * half + i), scale),
                          to + half * 4);
    });
  }
}

static LogicalResult verify(GpuLowering &lowering, ShrinkOp op) {
  SlotTableType table = op.getTable().getType();
  Type rows = getElementTypeOrSelf(op.getInput());
  if (rows != lowering.element || table.getElementType() != lowering.element)
    return op.emitError() << "expects adapters and their rows in the layer's "
                             "element type "
                          << lowering.element << ", but the input is of "
                          << rows << " and the table has "
                          << table.getElementType();
  if (!isa<BlockArgument>(op.getTable()))
    return op.emitError() << "expects the table to be an argument of the layer";
  return success();
}

FailureOr<RunStage> lowerShrink(GpuLowering &lowering, ShrinkOp op) {
  if (failed(verify(lowering, op)))
    return failure();
  ShrinkOperands operands(lowering, op);
  KernelInfo kernel = ShrinkKernel(lowering, operands).emit();
  const GpuPlan *plan = operands.plan;
  return RunStage([=, &lowering](Code &code, Ptr frame) {
    // Without a step all tokens are base.
    Ptr step = code.loadPtr(frame + Frame::Step);
    code.when(
        code.isNull(step), [] {},
        [&] {
          Int blocks = plan->mostTiles(code, frame) *
                       (code.loadInt(frame + plan->tile) / MmaTokens);
          lowering.launch(code, frame, kernel,
                          code.least(blocks, code.i64(MostBlocks)));
        });
  });
}

} // namespace moelora::codegen
