// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of a layer as their types say them: what generated code reads of
// a buffer, whatever else an artifact says.
#ifndef MOELORA_CODEGEN_OPERANDTYPES_H
#define MOELORA_CODEGEN_OPERANDTYPES_H

#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

struct OperandType {
  int32_t role = 0; // moelora_role
  moelora_dtype dtype = MOELORA_F32;
  /// Row-major; -1: the number of tokens.
  llvm::SmallVector<int64_t> shape;
};

/// Of a tensor of the layer, as Operand.h describes its role.
OperandType operandType(int32_t role, mlir::RankedTensorType type);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_OPERANDTYPES_H
