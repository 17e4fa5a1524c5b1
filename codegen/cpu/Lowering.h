// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering of one layer to functions of the host: every stage has a task
// function, which the workers of the host call.
#ifndef MOELORA_CODEGEN_LOWERING_H
#define MOELORA_CODEGEN_LOWERING_H

#include "LayerCode.h"
#include "cpu/Tile.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

/// A plan, which is a moelora_plan in the frame at `word`.
struct PlanInfo {
  int64_t word = 0;
  int64_t experts = 0, slots = 0, topK = 0, tileRows = 0, groupRows = 0;
  int64_t zeroExperts = 0;
  int64_t localIds = -1; // a word, if ids are mapped to the experts of the rank
};

class Lowering : public LayerCode {
public:
  /// `form` multiplies the layer's element type, `wide` f32.
  Lowering(LayerOp layer, Unit &unit, const DotForm &form, const DotForm &wide);

  /// Declares arguments and stages. Emits a diagnostic for an op without a
  /// lowering.
  mlir::LogicalResult declare();

  /// The form of values of this element type, or null if it is not supported.
  const DotForm *formOf(mlir::Type element) const;

  // Activations are stored as panels, all other values row by row. Fails if
  // `value` is a panel that is not in the order in which a kernel over `plan`
  // reads it.
  mlir::LogicalResult expectPanel(mlir::Operation *op, mlir::Value value,
                                  mlir::Value plan, bool gather) const;

  /// The rows of a plan's tokens that may have pairs. Ranks gather valid tokens
  /// only.
  Int validRows(Code &code, Ptr frame, mlir::Value plan);

  const DotForm &form;
  Tiles tiles;

  llvm::DenseMap<mlir::Value, PlanInfo> plans;
  /// Activations, stored as panels in the order of this plan.
  llvm::DenseMap<mlir::Value, mlir::Value> panels;
  /// Shrunk rows: the word of their lora_row array.
  llvm::DenseMap<mlir::Value, int64_t> loraRows;

private:
  const DotForm &wide;

  /// Fails if an op that reads rows reads a panel.
  mlir::LogicalResult expectRows(mlir::Operation &op) const;
  mlir::LogicalResult declareStage(mlir::Operation &op);
};

// Each function makes a stage: it declares words, writes tasks, and returns how
// to run it.
mlir::FailureOr<RunStage> lowerRoute(Lowering &, RouteOp);
mlir::FailureOr<RunStage> lowerIdentityWeight(Lowering &, IdentityWeightOp);
mlir::FailureOr<RunStage> lowerPlan(Lowering &, PlanOp);
mlir::FailureOr<RunStage> lowerShrink(Lowering &, ShrinkOp);
/// Writes the lora_row array of a matmul that gathers shrunk rows.
RunStage lowerGatheredRows(Lowering &, GroupedMatmulOp);
mlir::FailureOr<RunStage> lowerGroupedMatmul(Lowering &, GroupedMatmulOp);
mlir::FailureOr<RunStage> lowerRmsNorm(Lowering &, RmsNormOp);
/// Ids of the experts of this rank in place of those of all.
RunStage lowerLocalIds(Lowering &, PlanOp, int64_t word);
RunStage lowerAllGather(Lowering &, AllGatherOp);
RunStage lowerOwn(Lowering &, OwnOp);
RunStage lowerReduce(Lowering &, ReduceOp);
mlir::FailureOr<RunStage> lowerFinish(Lowering &, FinishOp);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LOWERING_H
