// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One layer on its way to functions.
//
// Every SSA value of the layer has a word of the frame that holds its address;
// every op is a stage: it declares its words and regions and writes its task
// function once, and answers how an entry point runs it. An entry point is a
// choice of stages.
#ifndef MOELORA_CODEGEN_LOWERING_H
#define MOELORA_CODEGEN_LOWERING_H

#include "cpu/Frame.h"
#include "cpu/Tile.h"
#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"
#include <functional>

namespace moelora::codegen {

/// Writes the code that runs a stage, inside an entry point.
using RunStage = std::function<void(Code &, Ptr frame)>;

struct Stage {
  mlir::Operation *op;
  RunStage run; // once per chunk of tokens
};

/// A plan: a moelora_plan lies in the frame at `word`.
struct PlanInfo {
  int64_t word = 0;
  int64_t experts = 0, slots = 0, topK = 0, tileRows = 0, groupRows = 0;
  int64_t zeroExperts = 0;
};

class Lowering {
public:
  /// `form` multiplies the layer's element type, `wide` f32.
  Lowering(LayerOp layer, Unit &unit, const DotForm &form, const DotForm &wide)
      : layer(layer), unit(unit), form(form), tiles(unit, form), wide(wide) {}

  /// Declares arguments and stages; a diagnostic names what has no lowering.
  mlir::LogicalResult declare();

  /// How values of this element type are stored and multiplied; null: not.
  const DotForm *formOf(mlir::Type element) const;
  /// The word of the address of what `op` answers, `bytes` per token: the
  /// output of the layer or a region of the workspace.
  int64_t resultWord(mlir::Operation *op, int64_t bytes);

  // Activations are stored as panels, all else row by row.
  /// Fails where `value` is a panel that does not lie in the order in which a
  /// kernel over `plan` reads it.
  mlir::LogicalResult expectPanel(mlir::Operation *op, mlir::Value value,
                                  mlir::Value plan, bool gather) const;

  LayerOp layer;
  Unit &unit;
  const DotForm &form;
  Tiles tiles;
  Frame frame;

  llvm::SmallVector<Stage> stages;
  llvm::DenseMap<mlir::Value, int64_t> words;
  llvm::DenseMap<mlir::Value, PlanInfo> plans;
  /// Activations, stored as panels in the order of this plan.
  llvm::DenseMap<mlir::Value, mlir::Value> panels;
  /// Shrunk rows: the word of their lora_row array.
  llvm::DenseMap<mlir::Value, int64_t> loraRows;
  /// Bits of the moelora_service that stages call.
  uint64_t services = MOELORA_SERVICE_PARALLEL_FOR;

private:
  const DotForm &wide;

  void declareArgument(mlir::BlockArgument argument);
  /// Fails where a panel is read by what reads rows.
  mlir::LogicalResult expectRows(mlir::Operation &op) const;
  mlir::LogicalResult declareStage(mlir::Operation &op);
};

// A stage each: declares, writes tasks, answers how to run.
mlir::FailureOr<RunStage> lowerResolveSlots(Lowering &, ResolveSlotsOp);
mlir::FailureOr<RunStage> lowerRoute(Lowering &, RouteOp);
mlir::FailureOr<RunStage> lowerIdentityWeight(Lowering &, IdentityWeightOp);
mlir::FailureOr<RunStage> lowerPlan(Lowering &, PlanOp);
mlir::FailureOr<RunStage> lowerShrink(Lowering &, ShrinkOp);
mlir::FailureOr<RunStage> lowerGroupedMatmul(Lowering &, GroupedMatmulOp);
mlir::FailureOr<RunStage> lowerRmsNorm(Lowering &, RmsNormOp);

/// The elements of one row: the product of all dimensions but the first.
int64_t rowElements(mlir::Type type);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LOWERING_H
