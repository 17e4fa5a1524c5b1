// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations, level by level.

#ifndef MOELORA_DIALECT_OPS_H
#define MOELORA_DIALECT_OPS_H

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "moelora/dialect/Cut.h"

#define GET_OP_CLASSES
#include "moelora/dialect/RoutedOps.h.inc"
#define GET_OP_CLASSES
#include "moelora/dialect/FusedOps.h.inc"
#define GET_OP_CLASSES
#include "moelora/dialect/ShardOps.h.inc"
#define GET_OP_CLASSES
#include "moelora/dialect/CallOps.h.inc"

#endif // MOELORA_DIALECT_OPS_H
