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
// of a lane next to each other, 2t, 2t + 1, 2t + 8, 2t + 9. In small batches
// the shrink of the down projection is computed by the epilogue of the
// activation (PartialShrink), with the same bits.

#include "gpu/MainLoop.h"
#include "gpu/Pages.h"
#include "gpu/ShrinkOperands.h"
#include "gpu/SmallPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr int64_t Warps = 4, Threads = Warps * WarpLanes;
constexpr int64_t MostBlocks = 2048;
constexpr int64_t RowBlockBytes = 2 * PageBlock; // of the input
/// The four sums of each lane of each warp.
constexpr int64_t SharedBytes = Threads * 16;

class ShrinkKernel {
public:
  /// A kernel that makes its plan is of small batches.
  ShrinkKernel(GpuLowering &lowering, const ShrinkOperands &operands,
               const Twine &name, bool makesPlan);
  KernelInfo emit();

private:
  /// 16 elements of K, and where a lane reads them.
  struct Block {
    Int number;
    Ptr a, row;

    Block operator+(int64_t blocks) const {
      return {number + blocks, a + blocks * PageBlockBytes,
              row + blocks * RowBlockBytes};
    }
  };

  void emitBlock(Int first);
  void emitSlice(Ptr segment, int64_t slice, Int begin, Int end);
  void emitPage(Ptr a, Int page, int64_t slice, Value scale, Int begin,
                Int end);
  Code::Values quarter(Ptr a);
  Block blockAt(Ptr a, Int number);
  Code::Values addBlock(Block block, ValueRange sums);
  Code::Values addProduct(Block block, ValueRange sums);
  Registers<2> loadRow(Block block);
  Value loadPair(Int k, Ptr at);
  void store(Value sums, Int page, int64_t slice, Value scale, Int begin,
             Int end);

  const ShrinkOperands &operands;
  Kernel kernel;
  KernelCode &code;
  KernelPlan kernelPlan;
  PlanView &plan;
  Ptr shared, input, result;
  Int lane, warp, group, quad;
  PlanView::Tile tile{};
  Ptr row{};        // this lane's first elements of its row of the input
  Int firstToken{}; // of the block, a row of the plan
};

} // namespace

ShrinkKernel::ShrinkKernel(GpuLowering &lowering,
                           const ShrinkOperands &operands, const Twine &name,
                           bool makesPlan)
    : operands(operands), kernel(lowering.gpu, name, Threads),
      code(kernel.code),
      kernelPlan(createKernelPlan(lowering, kernel, *operands.plan, makesPlan)),
      plan(*kernelPlan.view), shared(code.shared() + kernelPlan.keptBytes),
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
  return kernel.finish(
      std::max(kernelPlan.keptBytes + SharedBytes, kernelPlan.sharedBytes));
}

void ShrinkKernel::emitBlock(Int first) {
  Int end = code.least(first + MmaTokens, tile.rows);
  firstToken = tile.begin + first;
  Int index = tile.begin + code.least(first + group, tile.rows - 1);
  if (operands.rows != RowOrder::Plan) {
    index = plan.pairOfRow(index);
    if (operands.rows == RowOrder::Token)
      index = index / operands.plan->topK;
  }
  row = input + code.toI64(index) * operands.pitch + quad * 4;
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
  Value part = code.pack(quarter(a));
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

static Code::Values addAll(KernelCode &code, ValueRange sums,
                           ValueRange values) {
  return llvm::map_to_vector(llvm::zip_equal(sums, values), [&](auto pair) {
    auto [sum, value] = pair;
    return code.add(sum, value);
  });
}

/// The quarter of this warp.
Code::Values ShrinkKernel::quarter(Ptr a) {
  const ShrinkOrder &order = operands.order;
  int64_t share = order.groupsPerQuarter();
  Int first = warp * share;
  Int last = code.least(first + share, code.i32(order.groups));
  Code::Values zero(4, code.f32(code.builder.getF32Type(), 0));
  Ptr own = a + lane * 16;
  if (order.isChain())
    return code.loop(first, last, 1, zero, [&](Int number, ValueRange sums) {
      return addBlock(blockAt(own, number), sums);
    });
  return code.loop(first, last, 1, zero, [&](Int group, ValueRange sums) {
    Block begin = blockAt(own, group * (order.parts * order.blocks));
    Code::Values sum;
    for (int64_t part = 0; part < order.parts; ++part) {
      Code::Values chain = zero;
      for (int64_t block = 0; block < order.blocks; ++block)
        chain = addBlock(begin + (part * order.blocks + block), chain);
      sum = part ? addAll(code, sum, chain) : chain;
    }
    return addAll(code, sums, sum);
  });
}

ShrinkKernel::Block ShrinkKernel::blockAt(Ptr a, Int number) {
  Int wide = code.toI64(number);
  return {number, a + wide * PageBlockBytes, row + wide * RowBlockBytes};
}

/// Adds the product of a block of 16 elements of K, if there is one.
Code::Values ShrinkKernel::addBlock(Block block, ValueRange sums) {
  int64_t blocks = pageBlocks(operands.k);
  if (operands.order.allBlocks() == blocks)
    return addProduct(block, sums);
  return code.choose(
      code.less(block.number, code.i32(blocks)),
      [&] { return addProduct(block, sums); },
      [&] { return Code::Values(sums.begin(), sums.end()); });
}

Code::Values ShrinkKernel::addProduct(Block block, ValueRange sums) {
  Registers<4> ranks = loadFragment(code, block.a);
  Registers<4> result = code.multiply(operands.element, ranks, loadRow(block),
                                      {sums[0], sums[1], sums[2], sums[3]});
  return Code::Values(result.begin(), result.end());
}

/// The lane's elements 2t, 2t + 1 and 2t + 8, 2t + 9 of a block of its row.
Registers<2> ShrinkKernel::loadRow(Block block) {
  Int first = block.number * PageBlock + quad * 2;
  return {loadPair(first, block.row), loadPair(first + 8, block.row + 16)};
}

/// Elements k and k + 1 of the row, from `at`; zero beyond the last one.
Value ShrinkKernel::loadPair(Int k, Ptr at) {
  Type i16 = code.builder.getI16Type(), i32 = code.builder.getI32Type();
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
  for (int64_t i = 0; i < 2; ++i) {
    Int token = firstToken + quad * 2 + i;
    Value inside =
        code.both(code.less(begin - 1, token), code.less(token, end));
    code.when(inside, [&] {
      Int row = operands.isOfTokens ? plan.pairOfRow(token) : token;
      Int index = row * operands.slices + slice;
      Ptr to = result + code.toI64(index) * (operands.ranks * 2) +
               (page * PageBlock + rankPosition(group)) * 2;
      for (int64_t half = 0; half < 2; ++half)
        code.storeRounded(operands.element,
                          code.mul(code.lane(sums, 2 * half + i), scale),
                          to + half * 4);
    });
  }
}

FailureOr<RunStage> lowerShrink(GpuLowering &lowering, ShrinkOp op) {
  if (failed(verifyShrink(lowering, op)))
    return failure();
  ShrinkOperands operands(lowering, op);
  SmallVector<int64_t> inEpilogue(
      op.getEpilogueTokens().value_or(ArrayRef<int64_t>()));
  const GpuPlan *plan = operands.plan;
  std::string name = lowering.kernelName("shrink");
  KernelInfo kernel = ShrinkKernel(lowering, operands, name, false).emit();
  std::optional<KernelInfo> ofSmallBatch; // makes the plan
  if (plan->isMadeBy(op))
    ofSmallBatch =
        ShrinkKernel(lowering, operands, name + "_planning", true).emit();
  return RunStage([=, &lowering](Code &code, Ptr frame) {
    // Without a step all tokens are base.
    Int tile = code.loadInt(frame + plan->tile);
    Value isDone = code.isNull(code.loadPtr(frame + Frame::Step));
    for (int64_t tokens : inEpilogue)
      isDone = code.select(code.equal(tile, code.i64(tokens)), code.bit(true),
                           isDone);
    code.when(
        isDone, [] {},
        [&] {
          Int blocks =
              code.least(plan->mostTiles(code, frame) * (tile / MmaTokens),
                         code.i64(MostBlocks));
          auto launch = [&](const KernelInfo &kernel) {
            lowering.launch(code, frame, kernel, blocks);
          };
          if (!ofSmallBatch)
            return launch(kernel);
          code.when(
              plan->isInConsumer(code, frame), [&] { launch(*ofSmallBatch); },
              [&] { launch(kernel); });
        });
  });
}

} // namespace moelora::codegen
