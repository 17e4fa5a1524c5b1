// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shape rules that several ops share; each caller names its own rule.

#ifndef MOELORA_DIALECT_VERIFYSHAPES_H
#define MOELORA_DIALECT_VERIFYSHAPES_H

#include "mlir/IR/Operation.h"
#include "moelora/dialect/Dialect.h"

namespace moelora {

/// Fails with "expects <a> and <b> to agree on <what>, but ...", unless the two
/// sizes are equal or one of them is dynamic.
mlir::LogicalResult verifyAgree(mlir::Operation *op, llvm::StringRef what,
                                llvm::StringRef a, int64_t sizeOfA,
                                llvm::StringRef b, int64_t sizeOfB);

/// Fails unless a value of shape `found` has exactly the shape `expected`.
mlir::LogicalResult verifyShape(mlir::Operation *op, llvm::StringRef name,
                                mlir::Type found,
                                llvm::ArrayRef<int64_t> expected);

/// The rules that a plan's operands obey, whatever its level.
mlir::LogicalResult verifyPlanColumns(mlir::Operation *op, mlir::Value ids,
                                      PlanType plan);
mlir::LogicalResult verifyPlanOfOne(mlir::Operation *op, mlir::Value ids,
                                    PlanType plan);
mlir::LogicalResult verifyPlanSlots(mlir::Operation *op, mlir::Value slots,
                                    PlanType plan);

/// Table and plan have the same experts and slots.
mlir::LogicalResult verifyTableOfPlan(mlir::Operation *op, SlotTableType table,
                                      PlanType plan);

/// The last dimension of a ranked tensor.
int64_t getColumns(mlir::Value value);

/// Shape of a weight's accumulator: rows, then [slices,] out.
llvm::SmallVector<int64_t> getAccumulatorShape(mlir::Type weight);

/// Shape of a weight's bias: the weight's without `in`.
llvm::SmallVector<int64_t> getBiasShape(mlir::Type weight);

} // namespace moelora

#endif // MOELORA_DIALECT_VERIFYSHAPES_H
