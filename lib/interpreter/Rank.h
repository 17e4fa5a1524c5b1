// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The values of a layer on one rank. It stores them, and calls the function of
// Evaluate.h for each op that needs no other rank.

#ifndef MOELORA_INTERPRETER_RANK_H
#define MOELORA_INTERPRETER_RANK_H

#include "Evaluate.h"

#include <deque>

namespace moelora::interpreter {

class Rank {
public:
  Rank(LayerOp layer, const Inputs &inputs, Mode mode, Place place);

  /// Fails with a diagnostic at an op that the interpreter does not know, or at
  /// sizes that disagree.
  mlir::LogicalResult evaluate(mlir::Operation *op);
  const Tensor &tensor(mlir::Value value) const { return get<Tensor>(value); }
  mlir::LogicalResult set(mlir::Value value, Datum datum) {
    made.push_back(std::move(datum));
    values[value] = &made.back();
    return mlir::success();
  }

private:
  mlir::LogicalResult evaluate(ResolveSlotsOp op);
  mlir::LogicalResult evaluate(RouteOp op);
  mlir::LogicalResult evaluate(ExpertGemmOp op);
  mlir::LogicalResult evaluate(LoraDeltaOp op);
  mlir::LogicalResult evaluate(ActivationOp op);
  mlir::LogicalResult evaluate(CombineOp op);
  mlir::LogicalResult evaluate(IdentityWeightOp op);
  mlir::LogicalResult evaluate(RmsNormOp op);
  mlir::LogicalResult evaluate(OwnOp op);
  mlir::LogicalResult evaluate(FinishOp op);
  mlir::LogicalResult evaluate(ShrinkOp op);
  mlir::LogicalResult evaluate(GroupedMatmulOp op);
  /// dispatch and plan differ only in the division of work for kernels.
  template <typename Op> mlir::LogicalResult evaluatePlan(Op op);

  template <typename T> const T &get(mlir::Value value) const {
    return std::get<T>(*values.at(value));
  }
  /// Null for an absent operand.
  template <typename T = Tensor> const T *find(mlir::Value value) const {
    return value ? &get<T>(value) : nullptr;
  }
  /// Fails unless `value`, if it is not null, has this number of rows.
  mlir::LogicalResult checkRows(mlir::Operation *op, llvm::StringRef name,
                                mlir::Value value, int64_t rows) const;
  /// Checks the input of an op with a plan: a row per token or pair.
  mlir::LogicalResult checkInput(mlir::Operation *op, mlir::Value input,
                                 const Plan &plan, bool gather) const;

  /// Checks the operands of a combine, or of the epilogue with the same
  /// meaning.
  template <typename Op>
  mlir::LogicalResult checkTerms(Op op, mlir::Value weights,
                                 const Plan &plan) const;
  template <typename Op> CombineWith termsOf(Op op, mlir::Value weights) const;
  /// The bias, if this rank adds it.
  template <typename Op> const Tensor *biasOf(Op op) const;
  template <typename Op> Rows sharedRows(Op op) const;

  const Inputs &inputs;
  Mode mode;
  Place place;
  llvm::DenseMap<mlir::Value, const Datum *> values;
  std::deque<Datum> made;
};

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_RANK_H
