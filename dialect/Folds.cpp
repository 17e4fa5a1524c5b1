// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds that depend only on types.

#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

/// A table without slots has no adapters.
OpFoldResult LoraDeltaOp::fold(FoldAdaptor) {
  if (getTable().getType().getSlots() == 0)
    return getAccumulator();
  return {};
}
