// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts types of tensors to element types and sizes.

#include "OperandTypes.h"
#include "LayerDescription.h"

using namespace mlir;

namespace moelora::codegen {

/// In IR the router is a grouped matmul over one expert; outside it is a
/// matrix.
static bool hasExpert(int32_t role, int64_t dims) {
  return (role == MOELORA_ROUTER_WEIGHT && dims == 3) ||
         (role == MOELORA_ROUTER_BIAS && dims == 2);
}

OperandType operandType(int32_t role, RankedTensorType type) {
  ArrayRef<int64_t> sizes = type.getShape();
  if (hasExpert(role, type.getRank()))
    sizes = sizes.drop_front();
  SmallVector<int64_t> shape(sizes);
  llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
  return {role, describeType(type.getElementType()), std::move(shape)};
}

} // namespace moelora::codegen
