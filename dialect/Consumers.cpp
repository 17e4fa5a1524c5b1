// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops that read a plan or an activation, which kernels of a GPU depend on.

#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

/// Those in regions of other ops are read where these are.
Operation *PlanOp::firstConsumer() {
  Operation *first = nullptr;
  for (Operation *user : getPlan().getUsers()) {
    Operation *here = (*this)->getBlock()->findAncestorOpInBlock(*user);
    if (here && (!first || here->isBeforeInBlock(first)))
      first = here;
  }
  return first;
}

ShrinkOp GroupedMatmulOp::shrinkInEpilogue() {
  for (Operation *user : getResult().getUsers())
    if (auto shrink = dyn_cast<ShrinkOp>(user))
      if (shrink.getEpilogueTokens() && !shrink.getEpilogueTokens()->empty())
        return shrink;
  return {};
}

bool GroupedMatmulOp::counts() { return combines() || shrinkInEpilogue(); }
