// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a value of a layer has rows of. Two tensors of one type may have a row
// per token and a row per pair of token and choice, and a tensor of ids may
// hold ids of different things: types do not tell, the program does.

#ifndef MOELORA_DIALECT_ROWKINDS_H
#define MOELORA_DIALECT_ROWKINDS_H

#include "moelora/dialect/Ops.h"
#include "llvm/ADT/DenseMap.h"

namespace moelora {

struct RowKind {
  enum Content {
    Constant,  ///< a weight, a table: the same for all tokens
    PerToken,  ///< numbers, a row per token
    PerPair,   ///< numbers, a row per pair of `plan`
    Shrunk,    ///< what `table` shrinks rows to, a row per pair of `plan`
    SlotIds,   ///< per token, as an engine gives them
    Slots,     ///< per token, answered by resolve_slots
    TokenIds,  ///< per token
    ExpertIds, ///< per token and choice
  };
  Content content = Constant;
  mlir::Value plan = nullptr, table = nullptr;

  bool operator==(const RowKind &other) const {
    return content == other.content && plan == other.plan &&
           table == other.table;
  }
};

/// The kinds of a layer's values, op by op in their order. A value that an op
/// of another dialect makes has no kind and fits everywhere: such a layer has a
/// meaning only to those who know that dialect.
class RowKinds {
public:
  explicit RowKinds(LayerOp layer);

  /// Fails where an operand is not of the kind that `op` reads; else the
  /// results have a kind.
  mlir::LogicalResult visit(mlir::Operation *op);

private:
  LayerOp layer;
  llvm::DenseMap<mlir::Value, RowKind> kinds;
  ResolveSlotsOp resolved; ///< the one that came by

  // Each answers whether all operands fit. (C8) unless it says otherwise.
  bool check(ResolveSlotsOp op);
  bool check(RouteOp op);
  bool check(ExpertGemmOp op);
  bool check(LoraDeltaOp op);
  bool check(ActivationOp op);
  bool check(CombineOp op);
  bool check(IdentityWeightOp op);
  bool check(RmsNormOp op);
  bool check(ShrinkOp op);
  bool check(GroupedMatmulOp op);
  bool check(YieldOp op);
  template <typename Op> bool checkPlan(Op op);
  template <typename Op> bool checkInput(Op op);
  template <typename Op> bool checkTerms(Op op);

  /// A null value is an operand that is not there, which fits.
  bool expect(mlir::Operation *op, llvm::StringRef name, mlir::Value value,
              const RowKind &wanted);
  bool checkSlotCount(mlir::Operation *op, PlanType plan, mlir::Value slots);
  bool checkTable(mlir::Operation *op, mlir::Value plan, mlir::Value table);
  void attachNote(mlir::InFlightDiagnostic &diagnostic, llvm::StringRef name,
                  mlir::Value value);
  bool set(mlir::Value value, const RowKind &kind);
};

/// Fails unless every argument has the type that its role means; sizes that
/// several roles share must agree.
mlir::LogicalResult verifyRoleTypes(LayerOp layer);

} // namespace moelora

#endif // MOELORA_DIALECT_ROWKINDS_H
