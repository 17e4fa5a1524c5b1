// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kind of the rows of each value in a layer. Of two tensors with the same
// type, one may have a row per token and the other a row per pair of token and
// choice, and a tensor of ids may contain ids of slots, experts or tokens. The
// kind is determined from the ops, because the types do not contain it.

#ifndef MOELORA_DIALECT_ROWKINDS_H
#define MOELORA_DIALECT_ROWKINDS_H

#include "moelora/dialect/Ops.h"
#include "llvm/ADT/DenseMap.h"

namespace moelora {

struct RowKind {
  enum Content {
    Constant,      ///< a weight, a table: the same for all tokens
    PerToken,      ///< numbers, a row per token
    PerPair,       ///< numbers, a row per pair of `plan`
    Shrunk,        ///< rows shrunk by `table`, a row per pair of `plan`
    ShrunkByToken, ///< the same for all experts, over a plan of `slots`
    SlotIds,       ///< per token, from the engine
    Slots,         ///< per token, the result of resolve_slots
    TokenIds,      ///< per token
    ExpertIds,     ///< per token and choice
  };
  Content content = Constant;
  mlir::Value plan = nullptr, table = nullptr, slots = nullptr;
  AxesAttr axes = nullptr; ///< over which the rows are gathered

  bool operator==(const RowKind &other) const {
    return content == other.content && plan == other.plan &&
           table == other.table && slots == other.slots && axes == other.axes;
  }
  RowKind over(AxesAttr gathered) const {
    RowKind kind = *this;
    kind.axes = gathered;
    return kind;
  }
};

/// The kinds of a layer's values, determined op by op. A value that an op of
/// another dialect makes has no kind and is accepted everywhere.
class RowKinds {
public:
  explicit RowKinds(LayerOp layer);

  /// Fails if an operand does not have the kind that `op` reads. Otherwise
  /// records the kinds of the results.
  mlir::LogicalResult visit(mlir::Operation *op);

private:
  LayerOp layer;
  llvm::DenseMap<mlir::Value, RowKind> kinds;
  ResolveSlotsOp resolved; ///< the resolve_slots op, if it was visited

  // Each checks that all operands have the right kind. The rule is (C8) unless
  // stated otherwise.
  bool check(ResolveSlotsOp op);
  bool check(RouteOp op);
  bool check(ExpertGemmOp op);
  bool check(LoraDeltaOp op);
  bool check(ActivationOp op);
  bool check(CombineOp op);
  bool check(IdentityWeightOp op);
  bool check(RmsNormOp op);
  bool check(AllGatherOp op);
  bool check(OwnOp op);
  bool check(ReduceOp op);
  bool check(FinishOp op);
  bool check(ShrinkOp op);
  bool check(GroupedMatmulOp op);
  bool check(YieldOp op);
  template <typename Op> bool checkPlan(Op op);
  template <typename Op> bool checkInput(Op op);
  bool checkShrunk(GroupedMatmulOp op);
  template <typename Op> bool checkTerms(Op op);
  template <typename Op> bool checkSchedule(Op op);

  /// A null value is an absent operand, which is valid.
  bool expect(mlir::Operation *op, llvm::StringRef name, mlir::Value value,
              const RowKind &wanted);
  bool checkGrid(mlir::Operation *op);
  bool checkOwn(mlir::Operation *op, AxesAttr gathered, AxesAttr own);
  bool checkSlotCount(mlir::Operation *op, PlanType plan, mlir::Value slots);
  bool checkTable(mlir::Operation *op, mlir::Value plan, mlir::Value table);
  void attachNote(mlir::InFlightDiagnostic &diagnostic, llvm::StringRef name,
                  mlir::Value value);
  bool set(mlir::Value value, const RowKind &kind);
};

/// Fails unless every argument has the type of its role, and sizes that several
/// roles share are equal.
mlir::LogicalResult verifyRoleTypes(LayerOp layer);

} // namespace moelora

#endif // MOELORA_DIALECT_ROWKINDS_H
