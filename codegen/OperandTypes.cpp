// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types of arguments to element types and sizes.

#include "OperandTypes.h"
#include "LayerDescription.h"

using namespace mlir;

namespace moelora::codegen {

SmallVector<OperandType> operandTypes(LayerOp layer) {
  SmallVector<OperandType> operands;
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    Type element = tensor.getElementType();
    SmallVector<int64_t> shape(tensor.getShape());
    llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
    operands.push_back(
        {layer.getRole(index),
         element.isInteger() ? MOELORA_I32 : describeType(element),
         std::move(shape)});
  }
  return operands;
}

} // namespace moelora::codegen
