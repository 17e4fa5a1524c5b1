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
  for (Axis axis : getKeep() ? getKeep()->getAxes() : ArrayRef<Axis>())
    if (!getAxes().has(axis))
      return emitOpError()
             << "expects the axes of keep to be among those of the "
                "sum, but "
             << stringifyAxis(axis) << " is not"; // (C3)
  return success();
}

LogicalResult AllGatherOp::verify() {
  if (getInputs().empty())
    return emitOpError("expects an input, but there is none"); // (C1)
  return verifyTokenAxes(*this, getAxes());                    // (C2)
}

LogicalResult AllGatherOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location>,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  llvm::append_range(types, adaptor.getInputs().getTypes());
  return success();
}

LogicalResult OwnOp::verify() {
  return verifyTokenAxes(*this, getAxes()); // (C1)
}

LogicalResult FinishOp::verify() {
  if (failed(verifyShape(*this, "the sum", getSum().getType(),
                         {ShapedType::kDynamic, getColumns(getResult())})))
    return failure(); // (C1)
  return verifyIdentity(*this, getIdentity(), getIdentityWeights(),
                        getResult().getType()); // (C2)
}
