// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/PartialShrink.h"
#include "gpu/Pages.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class PartialShrink {
public:
  PartialShrink(MatmulTile &tile, const ShrinkOperands &operands,
                const ActivationFactors &factors);
  void emit();

private:
  /// Returns whether a row has an adapter.
  Value storeParts();
  void emitPage(Ptr a, Int page, Int begin, Int end);
  Code::Values products(Ptr a, int64_t n);
  void storeSum(Int page, Int begin, Int end);
  Value isLastBlock();
  void addParts();

  PlanView::Pair pairOf(Ptr segment) {
    return tile.plan.pair(segment, operands.projections[0]);
  }
  /// The parts of a row of the tile.
  Ptr part(Int row, Int group) {
    Int index = code.toI64(tile.begin + row) * operands.order.groups +
                code.toI64(group);
    return parts + index * (operands.ranks * 4);
  }

  MatmulTile &tile;
  KernelCode &code;
  const ShrinkOperands &operands;
  const ActivationFactors &factors;
  Ptr parts;
};

} // namespace

PartialShrink::PartialShrink(MatmulTile &tile, const ShrinkOperands &operands,
                             const ActivationFactors &factors)
    : tile(tile), code(tile.code), operands(operands), factors(factors),
      parts(tile.kernel.region(operands.plan->scratch,
                               operands.plan->scratchRegion)) {}

/// Whether a tile has an adapter is the same in all of its blocks.
void PartialShrink::emit() {
  code.when(storeParts(), [&] {
    code.when(isLastBlock(), [&] { addParts(); });
    code.barrier();
  });
}

Value PartialShrink::storeParts() {
  Named named(code, "partial shrink");
  Int none = code.i32(0);
  Code::Values end = code.repeat(
      {none.value, none.value},
      [&](ValueRange state) { return code.less({&code, state[0]}, tile.rows); },
      [&](ValueRange state) {
        Int begin{&code, state[0]}, most{&code, state[1]};
        Ptr segment = tile.plan.segment(tile.begin + begin);
        Int end =
            code.least(tile.plan.segmentEnd(segment) - tile.begin, tile.rows);
        PlanView::Pair pair = pairOf(segment);
        int64_t bytes = pageBlocks(operands.k) * PageBlockBytes;
        code.loop(code.i32(0), pair.pages, 1, [&](Int page) {
          emitPage(pageAt(code, pair.a, page, bytes), page, begin, end);
        });
        return Code::Values{end.value, code.most(most, pair.pages).value};
      });
  return code.less(none, {&code, end[1]});
}

void PartialShrink::emitPage(Ptr a, Int page, Int begin, Int end) {
  int64_t blocks = tile.shape.tokenBlocks();
  Ptr own = tile.shared + (tile.warp * blocks * WarpLanes + tile.lane) * 16;
  for (int64_t n = 0; n < blocks; ++n)
    code.when(tile.touches(begin, end, n), [&] {
      code.store(code.pack(products(a, n)), own + n * WarpLanes * 16, 16);
    });
  code.barrier();
  code.when(code.less(tile.warp, code.i32(blocks)),
            [&] { storeSum(page, begin, end); });
  code.barrier();
}

/// Of 16 ranks and block `n` of tokens.
Code::Values PartialShrink::products(Ptr a, int64_t n) {
  Code::Values sums(4, code.f32(code.builder.getF32Type(), 0));
  Int last = code.i32(pageBlocks(operands.k));
  for (int64_t block = 0; block < tile.blocksPerSlice(); ++block) {
    Int index = tile.blockFeature(block) / PageBlock;
    auto add = [&]() -> Code::Values {
      Registers<4> ranks =
          loadFragment(code, a + index * PageBlockBytes + tile.lane * 16);
      Registers<4> next =
          code.multiply(operands.element, ranks,
                        factors[size_t(n * tile.blocksPerSlice() + block)],
                        {sums[0], sums[1], sums[2], sums[3]});
      return {next.begin(), next.end()};
    };
    if (tile.featuresAreWhole())
      sums = add();
    else
      sums = code.choose(code.less(index, last), add, [&] { return sums; });
  }
  return sums;
}

/// A warp adds the products of all warps for one block of tokens. Of blocks
/// that the segment does not touch, none of its rows is stored.
void PartialShrink::storeSum(Int page, Int begin, Int end) {
  int64_t blocks = tile.shape.tokenBlocks();
  Ptr own = tile.shared + (tile.warp * WarpLanes + tile.lane) * 16;
  VectorType four = VectorType::get(4, code.builder.getF32Type());
  Value sums = code.load(four, own, 16);
  for (int64_t warp = 1; warp < operands.order.parts; ++warp)
    sums = code.add(sums,
                    code.load(four, own + warp * blocks * WarpLanes * 16, 16));
  for (int64_t i = 0; i < 2; ++i) {
    Int row = tile.warp * MmaTokens + tile.quad * 2 + i;
    Value inside = code.both(code.less(begin - 1, row), code.less(row, end));
    code.when(inside, [&] {
      Ptr to = part(row, tile.range) +
               (page * PageBlock + rankPosition(tile.group)) * 4;
      for (int64_t half = 0; half < 2; ++half)
        code.store(code.lane(sums, 2 * half + i), to + half * 8);
    });
  }
}

/// All parts are stored, because a page ends with a barrier.
Value PartialShrink::isLastBlock() {
  Named named(code, "arrive");
  code.fence();
  code.when(code.equal(tile.thread, code.i32(0)), [&] {
    StoredPlan plan(tile.kernel, *operands.plan);
    Int before =
        code.atomicAdd(plan.tileCounter(tile.number), code.i32(1), "device");
    code.store(before, tile.shared);
  });
  code.fence();
  code.barrier();
  return code.equal(code.loadNumber(tile.shared),
                    code.i32(operands.order.groups - 1));
}

void PartialShrink::addParts() {
  Named named(code, "add parts");
  const ShrinkOrder &order = operands.order;
  Ptr result = tile.kernel.region(operands.result, operands.resultRegion());
  Value zero = code.f32(code.builder.getF32Type(), 0);
  auto sumOf = [&](Ptr from) {
    Int all = code.i32(order.groups);
    return code.loop(
        code.i32(0), all, order.groupsPerQuarter(), zero,
        [&](Int first, ValueRange sum) {
          Int last = code.least(first + order.groupsPerQuarter(), all);
          Value quarter =
              code.loop(first, last, 1, zero, [&](Int group, ValueRange sum) {
                Ptr at = from + code.toI64(group) * (operands.ranks * 4);
                return Code::Values{code.add(sum[0], code.loadFloat(at))};
              })[0];
          return Code::Values{code.add(sum[0], quarter)};
        })[0];
  };
  code.loop(
      tile.warp, tile.rows, tile.shape.threads() / WarpLanes, [&](Int row) {
        Int planRow = tile.begin + row;
        auto pair = pairOf(tile.plan.segment(planRow));
        Ptr to = result + code.toI64(planRow) * (operands.ranks * 2);
        Int ranks = pair.pages * PageBlock;
        code.loop(tile.lane, ranks, WarpLanes, [&](Int rank) {
          Ptr from = part(row, code.i32(0)) + rank * 4;
          code.storeRounded(operands.element, code.mul(sumOf(from), pair.scale),
                            to + rank * 2);
        });
      });
}

void emitPartialShrink(MatmulTile &tile, const ShrinkOperands &operands,
                       const ActivationFactors &factors) {
  PartialShrink(tile, operands, factors).emit();
}

} // namespace moelora::codegen
