// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The main loop without tensor cores, for weights of f32, as some routers have.
// Every lane reads the rows of its own accumulators:
//
//   for k: for each feature and token of the lane: acc += w[feature][k]
//   x[token][k]

#include "gpu/MainLoop.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class ScalarLoop : public MainLoop {
public:
  explicit ScalarLoop(MatmulTile &tile) : code(tile.code) {}
  void start(MatmulTile &tile) override;
  Accumulators run(MatmulTile &tile, Accumulators accumulators) override;
  int64_t sharedBytes() const override { return 0; }

private:
  KernelCode &code;
  SmallVector<Ptr> weights, tokens; // rows of the lane
};

} // namespace

void ScalarLoop::start(MatmulTile &tile) {
  Named named(code, "copy");
  const MatmulOperands &operands = tile.operands;
  weights.clear();
  tokens.clear();
  for (int64_t block = 0; block < tile.shape.featureBlocks(); ++block)
    for (int64_t half = 0; half < 2; ++half) {
      Int feature = code.least(tile.laneFeature(block, half * 2),
                               code.i32(operands.n - 1));
      Int row = tile.expert * (operands.slices * operands.n) +
                (block / tile.blocksPerSlice() * operands.n) + feature;
      weights.push_back(tile.weight + code.toI64(row) * operands.weightPitch());
    }
  for (int64_t block = 0; block < tile.shape.tokenBlocks(); ++block)
    for (int64_t i = 0; i < 2; ++i) {
      Int row = tile.inputRow(tile.laneToken(block, i));
      tokens.push_back(tile.input + code.toI64(row) * operands.inputPitch);
    }
}

Accumulators ScalarLoop::run(MatmulTile &tile, Accumulators accumulators) {
  Named named(code, "main loop");
  const MatmulOperands &operands = tile.operands;
  int64_t weightBytes = operands.weightElement.getIntOrFloatBitWidth() / 8;
  int64_t inputBytes = operands.inputElement.getIntOrFloatBitWidth() / 8;
  return Accumulators(code.loop(
      code.i32(0), code.i32(operands.k), 1, accumulators,
      [&](Int k, ValueRange before) {
        auto load = [&](ArrayRef<Ptr> rows, Type element, int64_t bytes) {
          return llvm::map_to_vector(rows, [&](Ptr row) {
            return code.loadWidened(element, row + k * bytes);
          });
        };
        auto w = load(weights, operands.weightElement, weightBytes);
        auto x = load(tokens, operands.inputElement, inputBytes);
        Code::Values after(before);
        for (int64_t block = 0; block < tile.shape.featureBlocks(); ++block)
          for (int64_t n = 0; n < tile.shape.tokenBlocks(); ++n)
            for (int64_t i = 0; i < 4; ++i) {
              Value &sum = after[tile.index(block, n, i)];
              sum = code.multiplyAdd(w[size_t(2 * block + i / 2)],
                                     x[size_t(2 * n + i % 2)], sum);
            }
        return after;
      }));
}

std::unique_ptr<MainLoop> createScalarLoop(MatmulTile &tile) {
  return std::make_unique<ScalarLoop>(tile);
}

} // namespace moelora::codegen
