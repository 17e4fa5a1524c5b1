// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constraints of the ops between ranks; labels are those of their descriptions.

#include "VerifyShapes.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

#define GET_OP_CLASSES
#include "moelora/dialect/ShardOps.cpp.inc"

LogicalResult ReduceOp::verify() {
  if (cast<RankedTensorType>(getSum().getType()).getRank() != 2)
    return emitOpError() << "expects rows of rank 2, but they are "
                         << getSum().getType(); // (C1)
  if (llvm::is_contained(getAxes().getAxes(), Axis::Dp))
    return emitOpError() << "expects ranks with the same tokens, but those "
                            "along dp have others"; // (C2)
  return success();
}

LogicalResult FinishOp::verify() {
  if (failed(verifyShape(*this, "the sum", getSum().getType(),
                         {ShapedType::kDynamic, getColumns(getResult())})))
    return failure(); // (C1)
  return verifyIdentity(*this, getIdentity(), getIdentityWeights(),
                        getResult().getType()); // (C2)
}
