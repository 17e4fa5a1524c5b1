// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect with its attributes and types.

#ifndef MOELORA_DIALECT_DIALECT_H
#define MOELORA_DIALECT_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectImplementation.h"

#include "moelora/dialect/Dialect.h.inc"
#include "moelora/dialect/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "moelora/dialect/Attributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "moelora/dialect/Types.h.inc"

#endif // MOELORA_DIALECT_DIALECT_H
