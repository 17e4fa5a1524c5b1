// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiles a plan has.
#ifndef MOELORA_PASSES_PLANTILES_H
#define MOELORA_PASSES_PLANTILES_H

#include "moelora/dialect/Ops.h"
#include "moelora/support/Targets.h"

namespace moelora {

/// The tokens of the tiles of a plan, of those in `tokens`. A plan of many
/// experts has them all, because each expert may have few rows. With one
/// expert, only the last tile of a batch is not full, so few sizes are enough.
llvm::SmallVector<int64_t> choosePlanTokens(PlanOp plan,
                                            llvm::ArrayRef<int64_t> tokens,
                                            const GpuArchitecture &gpu);

} // namespace moelora

#endif // MOELORA_PASSES_PLANTILES_H
