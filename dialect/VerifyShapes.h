// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shape rules that several ops share; each caller names its own rule.

#ifndef MOELORA_DIALECT_VERIFYSHAPES_H
#define MOELORA_DIALECT_VERIFYSHAPES_H

#include "mlir/IR/Operation.h"
#include "moelora/dialect/Dialect.h"

namespace moelora {

/// The largest size. No model has a larger one, and the limit keeps every
/// product within 64 bits, and every size within the 32 bits of the runtime's
/// descriptions.
inline constexpr int64_t maxSize = 1 << 20;

/// Fails with "expects <name> to be in [<least>, <most>], but it is <value>"
/// unless it is.
mlir::LogicalResult
verifySize(llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
           llvm::StringRef name, int64_t value, int64_t least, int64_t most);

/// Fails with "expects <a> and <b> to agree on <what>, but ...", unless the two
/// sizes are equal or one of them is dynamic.
mlir::LogicalResult verifyAgree(mlir::Operation *op, llvm::StringRef what,
                                llvm::StringRef a, int64_t sizeOfA,
                                llvm::StringRef b, int64_t sizeOfB);

/// Fails unless a value of shape `found` has exactly the shape `expected`.
mlir::LogicalResult verifyShape(mlir::Operation *op, llvm::StringRef name,
                                mlir::Type found,
                                llvm::ArrayRef<int64_t> expected);

/// The rules for a plan's operands, at both levels.
mlir::LogicalResult verifyPlanColumns(mlir::Operation *op, mlir::Value ids,
                                      PlanType plan);
mlir::LogicalResult verifyPlanOfOne(mlir::Operation *op, mlir::Value ids,
                                    PlanType plan);
mlir::LogicalResult verifyPlanSlots(mlir::Operation *op, mlir::Value slots,
                                    PlanType plan);

mlir::LogicalResult verifyZeroExperts(mlir::Operation *op, mlir::Value ids,
                                      int64_t zeroExperts);

mlir::LogicalResult verifyPlanMap(mlir::Operation *op, mlir::Value ids,
                                  mlir::Value map);
/// `hasRows`: it has ids or slots.
mlir::LogicalResult verifyPlanOver(mlir::Operation *op, bool hasRows,
                                   std::optional<AxesAttr> over);

/// Axes along which ranks exchange values do not include dp.
mlir::LogicalResult verifyTokenAxes(mlir::Operation *op,
                                    std::optional<AxesAttr> axes);

/// What `own` and `shared_once` of a combine require.
mlir::LogicalResult verifyOwnShared(mlir::Operation *op, mlir::Value shared,
                                    std::optional<AxesAttr> own, bool once);

/// The rules for a GEMM over a plan, at both levels: (C1) experts, (C2) the
/// columns of the sum, (C4) the bias, (C5) element types. A null bias is
/// absent.
mlir::LogicalResult verifyGemm(mlir::Operation *op, mlir::Value input,
                               PlanType plan, mlir::Value weight,
                               mlir::Value bias);

/// A bias that one rank adds is there.
mlir::LogicalResult verifyOnce(mlir::Operation *op, bool once,
                               mlir::Value bias);

/// Weights of pairs, if there are any, have the plan's top_k columns.
mlir::LogicalResult verifyPairWeights(mlir::Operation *op, llvm::StringRef name,
                                      mlir::Value weights, PlanType plan);

/// Identity rows of the result's type and their weights of one column occur
/// together. Either may be null.
mlir::LogicalResult verifyIdentity(mlir::Operation *op, mlir::Value rows,
                                   mlir::Value weights, mlir::Type result);

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
