// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Accumulators in memory, between two kernels of one matmul. The strategy
// unfused_peer computes the base in one kernel, and adds the delta and runs the
// epilogue in another one. Sums are f32, [row of the plan][slice][feature].

#include "gpu/Epilogue.h"
#include "gpu/MainLoop.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

/// The place of each sum of a lane.
class StoredSums {
public:
  StoredSums(MatmulTile &tile, int64_t word)
      : tile(tile), code(tile.code),
        rows(tile.kernel.region(word, storedSumsRegion(tile.operands))) {}

  /// Calls body(index of the accumulator, address, whether it exists).
  void forEach(llvm::function_ref<void(size_t, Ptr, Value)> body) {
    const MatmulOperands &operands = tile.operands;
    for (int64_t n = 0; n < tile.shape.tokenBlocks(); ++n)
      for (int64_t block = 0; block < tile.shape.featureBlocks(); ++block)
        for (int64_t i = 0; i < 4; ++i) {
          Int token = tile.laneToken(n, i),
              feature = tile.laneFeature(block, i);
          int64_t slice = block / tile.blocksPerSlice();
          Int row = (tile.begin + token) * operands.slices + slice;
          Ptr at = rows + code.toI64(row) * (operands.n * 4) + feature * 4;
          body(tile.index(block, n, i), at,
               code.both(tile.hasToken(token), tile.hasFeature(feature)));
        }
  }

private:
  MatmulTile &tile;
  KernelCode &code;
  Ptr rows;
};

class Store : public Epilogue {
public:
  explicit Store(int64_t word) : word(word) {}
  void finish(MatmulTile &tile, const Accumulators &sums) override {
    KernelCode &code = tile.code;
    Named named(code, "store sums");
    StoredSums(tile, word).forEach([&](size_t index, Ptr at, Value exists) {
      code.when(exists, [&] { code.store(sums[index], at); });
    });
  }

private:
  int64_t word;
};

class StoredLoop : public MainLoop {
public:
  explicit StoredLoop(int64_t word) : word(word) {}
  void start(MatmulTile &) override {}
  Accumulators run(MatmulTile &tile, Accumulators sums) override {
    KernelCode &code = tile.code;
    Named named(code, "load sums");
    Value zero = code.f32(code.builder.getF32Type(), 0);
    StoredSums(tile, word).forEach([&](size_t index, Ptr at, Value exists) {
      Value stored = code.choose(
          exists, [&] { return Code::Values{code.loadFloat(at)}; },
          [&] { return Code::Values{zero}; })[0];
      sums[index] = code.add(sums[index], stored);
    });
    return sums;
  }
  int64_t sharedBytes() const override { return 0; }

private:
  int64_t word;
};

} // namespace

RegionSize storedSumsRegion(const MatmulOperands &operands) {
  return operands.plan->perPair(operands.slices * operands.n * 4);
}

std::unique_ptr<Epilogue> createStore(int64_t sums) {
  return std::make_unique<Store>(sums);
}

std::unique_ptr<MainLoop> createStoredLoop(MatmulTile &, int64_t sums) {
  return std::make_unique<StoredLoop>(sums);
}

} // namespace moelora::codegen
