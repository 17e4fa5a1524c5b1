// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The main loop on tensor cores. A ring in shared memory holds K steps of 64
// elements. A stage of the ring is one step or more; copies run ahead of the
// products by all stages but one:
//
//   start   begin to copy all stages but one
//   run     for each stage:
//             wait until it has arrived, and all warps are past the one before
//             begin to copy a later stage over the one before
//             for each 16 of its elements: ldmatrix, mma
//
// A round of the loop is a whole number of rings, so every address in shared
// memory is that of the lane plus a constant. The last round has fewer steps:
// the loop ends in the middle of a round, so that its code is there once.

#include "gpu/MainLoop.h"
#include "gpu/TileCopy.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class MmaLoop : public MainLoop {
public:
  explicit MmaLoop(MatmulTile &tile);
  void start(MatmulTile &tile) override;
  Accumulators run(MatmulTile &tile, Accumulators accumulators) override;
  int64_t sharedBytes() const override { return shape.ringBytes(); }

private:
  int64_t steps() const {
    return (operands.k + TileShape::K - 1) / TileShape::K;
  }
  void startWeights();
  void startRows();
  void copy(int64_t place, Int step, int64_t advance, Value isInside = {});
  void advance(int64_t steps);
  /// A round of the loop, and in how many of all its steps exist.
  struct Round {
    Int index;
    int64_t count;
  };
  int64_t stepsOfRound() const;
  /// How many steps copies run ahead of products.
  int64_t stepsAhead() const { return (shape.stages - 1) * shape.stageSteps; }
  void emitSteps(const Round &round, int64_t begin, int64_t end,
                 Accumulators &accumulators);
  void copyAhead(const Round &round, int64_t step);
  void runRounds(int64_t rounds, int64_t inLast, Accumulators &accumulators);
  void multiplyStep(int64_t place, Accumulators &accumulators);
  Registers<4> weights(int64_t place, int64_t part, int64_t block);
  Registers<4> tokens(int64_t place, int64_t part, int64_t pair);
  SmallVector<Value> carry(const Accumulators &accumulators) const;
  void uncarry(ValueRange values, Accumulators &accumulators);

  MatmulTile &tile;
  KernelCode &code;
  const MatmulOperands &operands;
  const TileShape &shape;
  TileCopy weightCopy, rowCopy;
  /// Where a lane reads, by 16 elements of a step.
  SmallVector<Ptr> weightAt, tokenAt;
};

} // namespace

/// ldmatrix reads four matrices of 8 x 8. For weights these are rows 0-7 and
/// 8-15 of the first 8 elements, then of the next 8. For 16 tokens they are
/// both 8 elements of tokens 0-7, then of tokens 8-15; for 8 tokens, four times
/// 8 elements.
MmaLoop::MmaLoop(MatmulTile &tile)
    : tile(tile), code(tile.code), operands(tile.operands), shape(tile.shape),
      weightCopy(tile, {shape.features, operands.k, operands.weightPitch()}, 0),
      rowCopy(tile, {shape.tokens, operands.k, operands.inputPitch},
              shape.features * TileShape::RowBytes) {
  Int lane = tile.lane, line = lane & 7;
  bool wide = shape.warpTokens() >= 2 * MmaTokens;
  Int weightRow = tile.warpFeature + (lane & 15);
  Int tokenRow = tile.warpToken + line;
  Int weightChunk = lane >> 4, tokenChunk = lane >> 3;
  if (wide) {
    tokenRow = tokenRow + (lane >> 4) * MmaTokens;
    tokenChunk = tokenChunk & 1;
  }
  Ptr weightBase = tile.shared + weightRow * TileShape::RowBytes;
  Ptr tokenBase = tile.shared + shape.features * TileShape::RowBytes +
                  tokenRow * TileShape::RowBytes;
  for (int64_t part = 0; part < TileShape::K / MmaK; ++part) {
    weightAt.push_back(weightBase +
                       (((weightChunk ^ line) * 16) ^ (part * 32)));
    tokenAt.push_back(tokenBase + (((tokenChunk ^ line) * 16) ^ (part * 32)));
  }
}

/// Where ranges of features cannot be moved back, rows beyond the last one
/// repeat it.
void MmaLoop::startWeights() {
  int64_t pitch = operands.weightPitch();
  int64_t half = operands.tileFeatures(shape);
  Ptr base = tile.weight +
             code.toI64(tile.expert) * (operands.slices * operands.n * pitch);
  if (tile.movesBack()) {
    Int first = tile.feature + tile.thread / 8;
    return weightCopy.startAt(
        base + code.toI64(first) * pitch, [&](int64_t row) {
          return (row / half * operands.n + row % half) * pitch;
        });
  }
  weightCopy.start([&](Int row) {
    Int feature =
        code.least(tile.feature + row % half, code.i32(operands.n - 1));
    return base + code.toI64(row / half * operands.n + feature) * pitch;
  });
}

void MmaLoop::startRows() {
  rowCopy.start([&](Int row) {
    return tile.input + code.toI64(tile.inputRow(row)) * operands.inputPitch;
  });
}

void MmaLoop::copy(int64_t place, Int step, int64_t advance, Value isInside) {
  weightCopy.copy(place, step, advance, isInside);
  rowCopy.copy(place, step, advance, isInside);
}

void MmaLoop::start(MatmulTile &) {
  Named named(code, "copy");
  startWeights();
  startRows();
  for (int64_t step = 0; step < stepsAhead(); ++step) {
    if (step < steps())
      copy(step, code.i32(step), step);
    if ((step + 1) % shape.stageSteps == 0)
      code.commit();
  }
}

SmallVector<Value> MmaLoop::carry(const Accumulators &accumulators) const {
  SmallVector<Value> values(accumulators);
  llvm::append_range(values, weightCopy.pointers());
  llvm::append_range(values, rowCopy.pointers());
  return values;
}

void MmaLoop::uncarry(ValueRange values, Accumulators &accumulators) {
  size_t weights = weightCopy.pointers().size();
  size_t count = accumulators.size();
  accumulators.assign(values.begin(), values.begin() + count);
  weightCopy.setPointers(values.slice(count, weights));
  rowCopy.setPointers(values.drop_front(count + weights));
}

/// Moves the pointers on.
void MmaLoop::advance(int64_t steps) {
  for (TileCopy *copy : {&weightCopy, &rowCopy}) {
    SmallVector<Value> advanced;
    for (Value pointer : copy->pointers())
      advanced.push_back(
          (Ptr{&code, pointer} + steps * TileShape::RowBytes).value);
    copy->setPointers(advanced);
  }
}

/// Whole rings, with enough products of a warp that the arithmetic and the
/// branch of a round are few beside them.
int64_t MmaLoop::stepsOfRound() const {
  constexpr int64_t leastProducts = 64;
  int64_t ofStep =
      shape.featureBlocks() * shape.tokenBlocks() * (TileShape::K / MmaK);
  int64_t ring = shape.ringSteps();
  return llvm::divideCeil(leastProducts, ofStep * ring) * ring;
}

/// Steps of a round. All steps of a stage are waited for at its first one.
void MmaLoop::emitSteps(const Round &round, int64_t begin, int64_t end,
                        Accumulators &accumulators) {
  for (int64_t step = begin; step < end; ++step) {
    if (step % shape.stageSteps == 0) {
      code.waitForAllBut(shape.stages - 2);
      code.barrier();
      for (int64_t i = 0; i < shape.stageSteps; ++i)
        copyAhead(round, step + stepsAhead() + i);
      code.commit();
    }
    Named named(code, "main loop");
    multiplyStep(step % shape.ringSteps(), accumulators);
  }
}

/// Begins to copy a step, which is counted from the first one of the round, if
/// there is such a step.
void MmaLoop::copyAhead(const Round &round, int64_t step) {
  Named named(code, "copy");
  int64_t inside = llvm::divideCeilSigned(steps() - step, stepsOfRound());
  if (inside <= 0)
    return;
  Value isInside =
      inside < round.count ? code.less(round.index, code.i32(inside)) : Value();
  copy(step % shape.ringSteps(), round.index * stepsOfRound() + step,
       step - stepsAhead(), isInside);
}

Accumulators MmaLoop::run(MatmulTile &, Accumulators accumulators) {
  advance(stepsAhead());
  int64_t perRound = stepsOfRound();
  int64_t rounds = llvm::divideCeilSigned(steps(), perRound);
  int64_t inLast = steps() - (rounds - 1) * perRound;
  if (rounds == 1)
    emitSteps({code.i32(0), 1}, 0, inLast, accumulators);
  else
    runRounds(rounds, inLast, accumulators);
  code.waitForAllBut(0);
  code.barrier();
  return accumulators;
}

/// The last round ends after `inLast` steps. ptxas moves accumulators at the
/// end of each round if it knows that there are few, so their number is written
/// as one that depends on the rows of the tile, which has one at least.
void MmaLoop::runRounds(int64_t rounds, int64_t inLast,
                        Accumulators &accumulators) {
  Int before = code.least(tile.rows + (rounds - 2), code.i32(rounds - 1));
  auto select = [&](ValueRange values) {
    uncarry(values.drop_front(), accumulators);
    return Int{&code, values.front()};
  };
  auto carried = [&](Int round) {
    Code::Values values{round.value};
    llvm::append_range(values, carry(accumulators));
    return values;
  };
  Code::Values end = code.repeatFromMiddle(
      carried(code.i32(0)),
      [&](ValueRange values) {
        Int round = select(values);
        emitSteps({round, rounds}, 0, inLast, accumulators);
        return std::pair(code.less(round, before), carried(round));
      },
      [&](ValueRange values) {
        Int round = select(values);
        emitSteps({round, rounds - 1}, inLast, stepsOfRound(), accumulators);
        advance(stepsOfRound());
        return carried(round + 1);
      });
  select(end);
}

Registers<4> MmaLoop::weights(int64_t place, int64_t part, int64_t block) {
  int64_t slice = block / tile.blocksPerSlice();
  int64_t row = slice * operands.tileFeatures(shape) +
                block % tile.blocksPerSlice() * MmaRows;
  return code.loadMatrices(
      weightAt[size_t(part)] +
      (place * shape.stepBytes() + row * TileShape::RowBytes));
}

/// The factors of two token blocks of 16 elements, or of one block of 32.
Registers<4> MmaLoop::tokens(int64_t place, int64_t part, int64_t pair) {
  return code.loadMatrices(
      tokenAt[size_t(part)] +
      (place * shape.stepBytes() + pair * 2 * MmaTokens * TileShape::RowBytes));
}

void MmaLoop::multiplyStep(int64_t place, Accumulators &accumulators) {
  int64_t blocks = shape.tokenBlocks();
  Registers<4> both{}; // 32 elements of the only token block
  for (int64_t part = 0; part < TileShape::K / MmaK; ++part) {
    SmallVector<Registers<2>> factors;
    if (blocks == 1) {
      if (part % 2 == 0)
        both = tokens(place, part, 0);
      factors.push_back({both[part % 2 * 2], both[part % 2 * 2 + 1]});
    }
    for (int64_t pair = 0; pair < blocks / 2; ++pair) {
      Registers<4> loaded = tokens(place, part, pair);
      factors.push_back({loaded[0], loaded[1]});
      factors.push_back({loaded[2], loaded[3]});
    }
    for (int64_t block = 0; block < shape.featureBlocks(); ++block) {
      Registers<4> factor = weights(place, part, block);
      for (int64_t n = 0; n < blocks; ++n) {
        Value *sum = &accumulators[tile.index(block, n, 0)];
        Registers<4> result =
            code.multiply(operands.element, factor, factors[size_t(n)],
                          {sum[0], sum[1], sum[2], sum[3]});
        llvm::copy(result, sum);
      }
    }
  }
}

std::unique_ptr<MainLoop> createMmaLoop(MatmulTile &tile) {
  return std::make_unique<MmaLoop>(tile);
}

} // namespace moelora::codegen
