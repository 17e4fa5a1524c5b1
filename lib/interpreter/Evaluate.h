// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function per op: a loop over rows, each of which the reference computes.
// Sizes have been checked by the caller.

#ifndef MOELORA_INTERPRETER_EVALUATE_H
#define MOELORA_INTERPRETER_EVALUATE_H

#include "Place.h"
#include "moelora/interpreter/Interpreter.h"
#include "moelora/reference/Ops.h"

namespace moelora::interpreter {

/// Rows without a meaning are NaN.
Tensor makeTensor(mlir::Type type, int64_t rows);

void setRow(Tensor &tensor, int64_t index, const reference::Vector &row);

/// The roundings of an op whose result is of type `result`: `shrunk` is the
/// element type of its table, if it has one.
reference::Rounding roundingOf(Mode mode, mlir::Type result, mlir::Type shrunk);

/// Resolves ids with the directory of the inputs.
Tensor resolveSlots(const Tensor &ids, const Inputs &inputs);

/// The operands of a route besides its logits. Null if absent.
struct RouteWith {
  const Tensor *bias, *expertScale, *table, *tokenIds;
};

/// Computes ids and weights from `logits`.
std::pair<Tensor, Tensor> route(RouteOp op, const Tensor &logits,
                                const RouteWith &with, Mode mode);

Tensor identityWeight(IdentityWeightOp op, const Tensor &ids,
                      const Tensor &weights, Mode mode);

/// `weight` may be null.
Tensor rmsNorm(RmsNormOp op, const Tensor &input, const Tensor *weight,
               Mode mode);

/// The operands of dispatch and plan ops. Null if absent. The map's places of
/// this rank begin at `firstPlace`.
struct PlanWith {
  const Tensor *ids, *slots, *map;
  int64_t firstPlace;
};

Plan makePlan(PlanType type, const PlanWith &with, int64_t tokens);

/// The row of the input, or of shrunk rows, that a pair reads.
inline int64_t inputRow(int64_t pair, const Plan &plan, bool gather) {
  return gather ? pair / plan.topK : pair;
}

Tensor expertGemm(ExpertGemmOp op, const Tensor &input, const Plan &plan,
                  const Tensor &weight, const Tensor *bias, Mode mode);

Tensor loraDelta(LoraDeltaOp op, const Tensor &input, const Plan &plan,
                 const Table &table, Tensor accumulator, Mode mode);

Tensor shrink(ShrinkOp op, const Tensor &input, const Plan &plan,
              const Table &table, Mode mode);

/// The accumulators of a grouped_matmul, before its epilogue. `shrunk` and
/// `table` may be null, together.
Tensor groupedMatmul(GroupedMatmulOp op, const Tensor &input, const Plan &plan,
                     const Tensor &weight, const Tensor *bias,
                     const Tensor *shrunk, const Table *table, Mode mode);

/// `inputWeights`, one for each pair, may be null.
Tensor activate(ActivationAttr function, mlir::Type result,
                const Tensor &accumulator, const Tensor *inputWeights,
                Mode mode);

/// The operands of combine besides the rows. Null if absent.
struct CombineWith {
  const Tensor *weights, *identity, *identityWeights, *shared, *score;
  double routedScale, sharedScale;
  Rows sharedRows; // those to which the shared rows are added
};

/// The sum of these rows of the partial sums of ranks, in their order.
Tensor reduce(ReduceOp op, llvm::ArrayRef<const Tensor *> partials, Rows rows,
              Mode mode);

/// `identity` and `identityWeights` may be null, together.
Tensor finish(FinishOp op, const Tensor &sum, const Tensor *identity,
              const Tensor *identityWeights, Mode mode);

Tensor combine(mlir::Type result, const Tensor &rows, const Plan &plan,
               const CombineWith &with, Mode mode);

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_EVALUATE_H
