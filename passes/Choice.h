// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chooses the fastest of the candidate tiles by the cost model.

#ifndef MOELORA_PASSES_CHOICE_H
#define MOELORA_PASSES_CHOICE_H

#include "OpModel.h"

namespace moelora {

/// The tiles of an op for a strategy.
struct Choice {
  Strategy strategy;
  llvm::SmallVector<TileAttr> tiles;
  double logSeconds = 0; ///< the sum over the batches of all tiles
};

/// The candidate for each number of tokens whose predicted time, as the
/// geometric mean over the batches of the tile, is least. The usual tile stays
/// unless another one is faster by more than the model can tell: 5 %.
Choice chooseTiles(const OpModel &model, mlir::Operation *op,
                   llvm::ArrayRef<int64_t> tokens, Strategy strategy,
                   const GpuArchitecture &gpu);

} // namespace moelora

#endif // MOELORA_PASSES_CHOICE_H
