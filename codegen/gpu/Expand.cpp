// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LoRA's B u, in the accumulators of the base:
//
//   for each segment of rows that touches the tokens of the warp:
//     for each block of 8 tokens that it touches:
//       sums = accumulators
//       for each slice, for each page of 16 ranks: sums += B u   one mma for 16
//                                                                features
//       accumulators = sums, where the token is of the segment
//
// Values are selected and never multiplied by zero: 0 * Inf is NaN, which would
// reach the row of another adapter, and -0.0 + 0 changes a row without one. The
// columns of an mma are independent, so u of other rows may hold anything.
//
// A lane reads its fragment of B with one load of 16 bytes, because pages are
// stored in the order of fragments, and its fragment of u with one of 8 bytes:
// `shrink` writes ranks 2t, 2t + 1, 2t + 8 and 2t + 9 next to each other.

#include "gpu/MainLoop.h"
#include "gpu/Pages.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class Expand {
public:
  explicit Expand(MatmulTile &tile)
      : tile(tile), code(tile.code), operands(tile.operands),
        shrunk(tile.kernel.region(operands.shrunk, operands.shrunkRegion)),
        firstFragment(code.toI64(
            tile.blockFeature(0) / MmaRows * PageBlockBytes + tile.lane * 16)) {
  }

  void run(Accumulators &accumulators);

private:
  struct Segment {
    Int begin, end; // rows of the tile
    SmallVector<PlanView::Pair> pairs;
  };
  using Sums = Code::Values; // of a token block, by feature block

  Segment segment(Int begin);
  void block(const Segment &segment, int64_t tokenBlock,
             Accumulators &accumulators);
  Sums added(const Segment &segment, int64_t tokenBlock, const Sums &before);
  Int shrunkRow(int64_t tokenBlock);
  Sums slice(const PlanView::Pair &pair, int64_t slice, Int row,
             const Sums &sums);
  Ptr fragment(Ptr page, int64_t block);

  MatmulTile &tile;
  KernelCode &code;
  const MatmulOperands &operands;
  Ptr shrunk;
  Int firstFragment; // the lane's part of block 0, in a page
};

} // namespace

void Expand::run(Accumulators &accumulators) {
  Int first = tile.blockToken(0);
  Int end = code.least(first + tile.shape.warpTokens(), tile.rows);
  Code::Values state{first.value};
  llvm::append_range(state, accumulators);
  Code::Values result = code.repeat(
      state,
      [&](ValueRange state) { return code.less({&code, state[0]}, end); },
      [&](ValueRange state) {
        Segment own = segment({&code, state[0]});
        Accumulators sums(state.drop_front());
        for (int64_t n = 0; n < tile.shape.tokenBlocks(); ++n)
          block(own, n, sums);
        Code::Values next{own.end.value};
        llvm::append_range(next, sums);
        return next;
      });
  accumulators.assign(result.begin() + 1, result.end());
}

Expand::Segment Expand::segment(Int begin) {
  Ptr at = tile.plan.segment(tile.begin + begin);
  Segment segment{begin, tile.plan.segmentEnd(at) - tile.begin, {}};
  for (int64_t projection : operands.projections)
    segment.pairs.push_back(tile.plan.pair(at, projection));
  return segment;
}

void Expand::block(const Segment &segment, int64_t tokenBlock,
                   Accumulators &accumulators) {
  Sums before;
  for (int64_t block = 0; block < tile.shape.featureBlocks(); ++block)
    for (int64_t i = 0; i < 4; ++i)
      before.push_back(accumulators[tile.index(block, tokenBlock, i)]);
  Sums after = code.choose(
      tile.touches(segment.begin, segment.end, tokenBlock),
      [&] { return added(segment, tokenBlock, before); },
      [&] { return before; });
  for (auto [i, sum] : llvm::enumerate(after))
    accumulators[tile.index(int64_t(i) / 4, tokenBlock, int64_t(i) % 4)] = sum;
}

/// The sums of a token block, with the deltas of the segment's tokens.
Expand::Sums Expand::added(const Segment &segment, int64_t tokenBlock,
                           const Sums &before) {
  Int row = shrunkRow(tokenBlock);
  Sums after;
  size_t perSlice = before.size() / size_t(operands.slices);
  for (auto [index, pair] : llvm::enumerate(segment.pairs)) {
    Sums own(ArrayRef(before).slice(index * perSlice, perSlice));
    llvm::append_range(after, slice(pair, int64_t(index), row, own));
  }
  for (auto [i, sum] : llvm::enumerate(after)) {
    Int token = tile.laneToken(tokenBlock, int64_t(i) % 4);
    Value inside = code.both(code.less(segment.begin - 1, token),
                             code.less(token, segment.end));
    sum = code.select(inside, sum, before[i]);
  }
  return after;
}

/// The row whose u this lane reads: of the plan, or of a token.
Int Expand::shrunkRow(int64_t tokenBlock) {
  Int token = tile.blockToken(tokenBlock) + tile.group;
  Int row = tile.begin + code.least(token, tile.rows - 1);
  return operands.gathersShrunk ? tile.plan.pairOfRow(row) / operands.plan->topK
                                : row;
}

/// The lane's part of a block of 16 features of a page. Blocks beyond the last
/// one repeat it.
Ptr Expand::fragment(Ptr page, int64_t block) {
  if (tile.featuresAreWhole() || tile.movesBack())
    return page + firstFragment + block * PageBlockBytes;
  Int last = code.i32(pageBlocks(operands.n) - 1);
  Int index = code.least(tile.blockFeature(block) / MmaRows, last);
  return page + (index * PageBlockBytes + tile.lane * 16);
}

Expand::Sums Expand::slice(const PlanView::Pair &pair, int64_t slice, Int row,
                           const Sums &sums) {
  int64_t pageBytes = pageBlocks(operands.n) * PageBlockBytes;
  Int source = code.select(code.equal(pair.sharesA, code.i32(0)),
                           code.i32(slice), code.i32(0));
  Int index = row * operands.slices + source;
  Ptr u = shrunk + code.toI64(index) * (operands.ranks * 2) + tile.quad * 8;
  return code.loop(
      code.i32(0), pair.pages, 1, sums, [&](Int page, ValueRange before) {
        Value two =
            code.load(code.vector(2), u + page * (MOELORA_PAGE_RANKS * 2), 8);
        Registers<2> tokens{code.lane(two, 0), code.lane(two, 1)};
        Ptr at = pageAt(code, pair.b, page, pageBytes);
        Sums after;
        for (int64_t block = 0; block < tile.blocksPerSlice(); ++block) {
          Registers<4> b = loadFragment(code, fragment(at, block));
          ValueRange own = before.slice(size_t(block) * 4, 4);
          llvm::append_range(after,
                             code.multiply(operands.element, b, tokens,
                                           {own[0], own[1], own[2], own[3]}));
        }
        return after;
      });
}

Accumulators expandLora(MatmulTile &tile, Accumulators accumulators) {
  Named named(tile.code, "expand");
  Expand(tile).run(accumulators);
  return accumulators;
}

} // namespace moelora::codegen
