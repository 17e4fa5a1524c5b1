// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering of one layer to functions.
//
// Every SSA value of the layer has a word of the frame with its address. Every
// op is a stage: it declares its words and regions, writes its task function
// once, and returns how an entry point runs it. An entry point is a selection
// of stages.
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

/// A plan, which is a moelora_plan in the frame at `word`.
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

  /// Declares arguments and stages. Emits a diagnostic for an op without a
  /// lowering.
  mlir::LogicalResult declare();

  /// The form of values of this element type, or null if it is not supported.
  const DotForm *formOf(mlir::Type element) const;
  /// The word with the address of the result of `op`, with `bytes` per token:
  /// the output of the layer, or a region of the workspace.
  int64_t resultWord(mlir::Operation *op, int64_t bytes);

  // Activations are stored as panels, all other values row by row. Fails if
  // `value` is a panel that is not in the order in which a kernel over `plan`
  // reads it.
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
  /// The services that stages call, as bits of moelora_service.
  uint64_t services = MOELORA_SERVICE_PARALLEL_FOR;

private:
  const DotForm &wide;

  /// Fails if the argument is a table in an order that tiles do not read.
  mlir::LogicalResult declareArgument(mlir::BlockArgument argument);
  /// Fails if an op that reads rows reads a panel.
  mlir::LogicalResult expectRows(mlir::Operation &op) const;
  mlir::LogicalResult declareStage(mlir::Operation &op);
};

// Each function makes a stage: it declares words, writes tasks, and returns how
// to run it.
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
