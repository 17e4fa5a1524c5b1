// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of a layer, from the types in IR. The types determine how
// generated code reads a buffer.
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

/// The operand of a tensor of the layer, with the shape that Operand.h states
/// for its role.
OperandType operandType(int32_t role, mlir::RankedTensorType type);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_OPERANDTYPES_H
