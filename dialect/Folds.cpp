// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds: what is known from types alone.

#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

/// A table without slots holds no adapter.
OpFoldResult LoraDeltaOp::fold(FoldAdaptor) {
  if (getTable().getType().getSlots() == 0)
    return getAccumulator();
  return {};
}
