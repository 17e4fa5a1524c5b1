// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grouped matmul without an epilogue: router logits, and the parts of a
// shared expert that another op reads.

#include "gpu/Epilogue.h"
#include "gpu/MainLoop.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class Accumulate : public Epilogue {
public:
  Accumulate(GpuLowering &lowering, GroupedMatmulOp op, int64_t n)
      : lowering(lowering), n(n), plan(lowering.planOf(op.getPlan())),
        result(lowering.frame.region(plan.perPair(n * 4))) {
    lowering.words[op.getResult()] = result;
  }

  void begin(MatmulTile &tile) override;
  void finish(MatmulTile &tile, const Accumulators &sums) override;

private:
  Ptr rowRegion(MatmulTile &tile) {
    return tile.kernel.region(result, plan.perPair(n * 4));
  }

  GpuLowering &lowering;
  int64_t n;
  const GpuPlan &plan;
  int64_t result; // word
};

} // namespace

/// Tokens that are not valid have no pairs, but what reads the result does so
/// for all tokens.
void Accumulate::begin(MatmulTile &tile) {
  KernelCode &code = tile.code;
  Named named(code, "other rows");
  Ptr rows = rowRegion(tile);
  Int valid = validTokens(lowering, tile.kernel);
  Value zero = code.f32(code.builder.getF32Type(), 0);
  Int others = (tile.kernel.tokens() - valid) * plan.topK;
  forTiles(code, others, [&](Int other) {
    Ptr row = rows + code.toI64(valid * plan.topK + other) * (n * 4);
    code.loop(tile.thread, code.i32(n), tile.shape.threads(),
              [&](Int feature) { code.store(zero, row + feature * 4); });
  });
}

void Accumulate::finish(MatmulTile &tile, const Accumulators &sums) {
  KernelCode &code = tile.code;
  Named named(code, "store");
  Ptr rows = rowRegion(tile);
  storeRows(tile, sums, [&](Int token) {
    Int pair = tile.plan.pairOfRow(tile.begin + token);
    return rows + code.toI64(pair) * (n * 4);
  });
}

void storeRows(MatmulTile &tile, const Accumulators &sums,
               llvm::function_ref<Ptr(Int)> rowOf) {
  KernelCode &code = tile.code;
  for (int64_t block = 0; block < tile.shape.tokenBlocks(); ++block)
    for (int64_t i = 0; i < 2; ++i) {
      Int token = tile.laneToken(block, i);
      code.when(tile.hasToken(token), [&] {
        Ptr first = rowOf(token) + tile.laneFeature(0, 0) * 4;
        for (int64_t m = 0; m < tile.shape.featureBlocks(); ++m)
          for (int64_t half = 0; half < 2; ++half) {
            Int feature = tile.laneFeature(m, 2 * half);
            code.when(tile.hasFeature(feature), [&] {
              code.store(sums[tile.index(m, block, 2 * half + i)],
                         first + tile.featureDistance(m, half) * 4);
            });
          }
      });
    }
}

FailureOr<std::unique_ptr<Epilogue>> createAccumulate(GpuLowering &lowering,
                                                      GroupedMatmulOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (type.getRank() != 2)
    return op.emitError() << "expects a grouped_matmul of "
                          << type.getDimSize(1)
                          << " slices to have an activation";
  return std::unique_ptr<Epilogue>(
      std::make_unique<Accumulate>(lowering, op, type.getDimSize(1)));
}

} // namespace moelora::codegen
