// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the cost model predicts for the kernels of a layer.

#ifndef MOELORA_PASSES_EXPLAIN_H
#define MOELORA_PASSES_EXPLAIN_H

#include "moelora/dialect/Ops.h"

namespace moelora {

/// Prints the candidates of each shrink and grouped_matmul of a layer that has
/// schedules for this GPU, for a few batches, with their predicted times. A
/// star marks the schedule's own.
void explainSchedules(LayerOp layer, llvm::StringRef target,
                      llvm::raw_ostream &out);

} // namespace moelora

#endif // MOELORA_PASSES_EXPLAIN_H
