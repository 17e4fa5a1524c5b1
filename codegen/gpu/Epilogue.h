// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What becomes of the accumulators of a tile.
#ifndef MOELORA_CODEGEN_GPU_EPILOGUE_H
#define MOELORA_CODEGEN_GPU_EPILOGUE_H

#include "gpu/MatmulTile.h"

namespace moelora::codegen {

class Epilogue {
public:
  virtual ~Epilogue() = default;
  /// Before the first tile of a thread block.
  virtual void begin(MatmulTile &) {}
  /// After the main loop of a tile. The threads of the block need not be
  /// together at its end, unless it uses shared memory.
  virtual void finish(MatmulTile &tile, const Accumulators &sums) = 0;
  /// The shared memory that it uses after the main loop.
  virtual int64_t sharedBytes(const TileShape &) const { return 0; }
};

/// The activation, rounded once, in the order of the plan.
mlir::FailureOr<std::unique_ptr<Epilogue>> createActivate(GpuLowering &,
                                                          GroupedMatmulOp);
/// The weighted sum of the rows of each token, rounded once.
mlir::FailureOr<std::unique_ptr<Epilogue>> createCombine(GpuLowering &,
                                                         GroupedMatmulOp);
/// The accumulators as f32 rows, by pair.
mlir::FailureOr<std::unique_ptr<Epilogue>> createAccumulate(GpuLowering &,
                                                            GroupedMatmulOp);

/// Stores accumulators as f32 rows of features. `rowOf` is the address of the
/// row of a token of the tile.
void storeRows(MatmulTile &tile, const Accumulators &sums,
               llvm::function_ref<Ptr(Int token)> rowOf);

/// The memory of stored accumulators.
RegionSize storedSumsRegion(const MatmulOperands &operands);
/// The accumulators, for createStoredLoop, at a word of the frame.
std::unique_ptr<Epilogue> createStore(int64_t sums);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_EPILOGUE_H
