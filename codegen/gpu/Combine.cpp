// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The epilogue of the down projection. The rows of a token are of different
// experts, and so of different thread blocks. Each block stores its rows in f32
// and counts them; the block that stores the last row of a token (and range of
// features) adds them all:
//
//   store the tile's rows;  fence
//   for each token of the tile: counter += 1; is it the last?  fence
//   for each last one: sum
//
// No block waits for another one, and the order of a sum does not depend on
// which one is the last.

#include "gpu/Epilogue.h"
#include "gpu/TokenSum.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class Combine : public Epilogue {
public:
  Combine(GpuLowering &lowering, GroupedMatmulOp op)
      : sum(lowering, op), plan(*sum.plan), rows(plan.scratch),
        firstCounter(plan.firstCounter.lookup(op)) {}

  void begin(MatmulTile &tile) override;
  void finish(MatmulTile &tile, const Accumulators &sums) override;
  /// A number of each token.
  int64_t sharedBytes(const TileShape &shape) const override {
    return shape.tokens * 4;
  }

private:
  Ptr rowRegion(MatmulTile &tile) {
    return tile.kernel.region(rows, plan.perPair(sum.n * 4));
  }
  void store(MatmulTile &tile, const Accumulators &sums);
  void arrive(MatmulTile &tile);
  Int rowsOfToken(StoredPlan &stored, Int token);
  void addLast(MatmulTile &tile);

  TokenSum sum;
  const GpuPlan &plan;
  int64_t rows, firstCounter; // a word; an index
};

} // namespace

/// Tokens without rows have no last row. Each warp looks at some tokens.
void Combine::begin(MatmulTile &tile) {
  KernelCode &code = tile.code;
  Named named(code, "empty tokens");
  StoredPlan stored(tile.kernel, plan);
  TokenSummer summer(tile.kernel, stored, sum, rowRegion(tile));
  int64_t warps = tile.shape.threads() / WarpLanes;
  Int step = code.blocks() * warps, tokens = tile.kernel.tokens();
  code.repeat((code.block() * warps + tile.warp).value,
              [&](ValueRange i) { return code.less({&code, i[0]}, tokens); },
              [&](ValueRange i) {
                Int token{&code, i[0]};
                summer.select(token);
                code.when(
                    summer.hasRows(), [] {},
                    [&] {
                      code.loop(
                          code.i32(0), code.i32(sum.n), WarpLanes,
                          [&](Int first) { summer.writeEmpty(first, 1); });
                    });
                return Code::Values{(token + step).value};
              });
}

void Combine::finish(MatmulTile &tile, const Accumulators &sums) {
  KernelCode &code = tile.code;
  store(tile, sums);
  code.fence();
  code.barrier();
  arrive(tile);
  code.fence();
  code.barrier();
  addLast(tile);
  code.barrier();
}

void Combine::store(MatmulTile &tile, const Accumulators &sums) {
  KernelCode &code = tile.code;
  Named named(code, "store rows");
  Ptr all = rowRegion(tile);
  storeRows(tile, sums, [&](Int token) {
    return all + code.toI64(tile.begin + token) * (sum.n * 4);
  });
}

/// The number of rows that a token has in the plan.
Int Combine::rowsOfToken(StoredPlan &stored, Int token) {
  KernelCode &code = stored.code;
  Int count = code.i32(0);
  for (int64_t choice = 0; choice < plan.topK; ++choice) {
    Int row = stored.rowOfPair(token * plan.topK + choice);
    count = count +
            code.select(code.less(row, code.i32(0)), code.i32(0), code.i32(1));
  }
  return count;
}

/// Writes, for each row of the tile, its token if all rows of this have
/// arrived, or else -1, to shared memory.
void Combine::arrive(MatmulTile &tile) {
  KernelCode &code = tile.code;
  Named named(code, "arrive");
  StoredPlan stored(tile.kernel, plan);
  Int range = tile.ownFeature() / tile.operands.tileFeatures(tile.shape);
  code.loop(tile.thread, tile.rows, tile.shape.threads(), [&](Int i) {
    Int token = tile.plan.pairOfRow(tile.begin + i) / plan.topK;
    Ptr counter = stored.counter(token, range + firstCounter);
    Int before = code.atomicAdd(counter, code.i32(1), "device");
    Value isLast = code.equal(before + 1, rowsOfToken(stored, token));
    code.store(code.select(isLast, token, code.i32(-1)), tile.shared + i * 4);
  });
}

void Combine::addLast(MatmulTile &tile) {
  KernelCode &code = tile.code;
  Named named(code, "combine");
  StoredPlan stored(tile.kernel, plan);
  TokenSummer summer(tile.kernel, stored, sum, rowRegion(tile));
  int64_t warps = tile.shape.threads() / WarpLanes;
  code.loop(tile.warp, tile.rows, warps, [&](Int i) {
    Int token = code.loadNumber(tile.shared + i * 4);
    code.when(code.less(code.i32(-1), token), [&] {
      summer.select(token);
      summer.write(tile.ownFeature(),
                   tile.operands.tileFeatures(tile.shape) / WarpLanes);
    });
  });
}

FailureOr<std::unique_ptr<Epilogue>> createCombine(GpuLowering &lowering,
                                                   GroupedMatmulOp op) {
  Type result = getElementTypeOrSelf(op.getResult());
  if (result != lowering.element && !result.isF32())
    return op.emitError() << "expects the result in the layer's element type "
                          << lowering.element << " or f32, but it is of "
                          << result;
  return std::unique_ptr<Epilogue>(std::make_unique<Combine>(lowering, op));
}

} // namespace moelora::codegen
