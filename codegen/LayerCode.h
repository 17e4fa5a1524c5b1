// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of one layer on the host, in the form that all targets share.
//
// Every SSA value of the layer has a word of the frame with its address. Every
// op is a stage: it declares its words and regions, and returns how an entry
// point runs it. An entry point is a selection of stages.
#ifndef MOELORA_CODEGEN_LAYERCODE_H
#define MOELORA_CODEGEN_LAYERCODE_H

#include "Frame.h"
#include "RankRows.h"
#include "moelora/dialect/Ops.h"
#include <functional>

namespace moelora::codegen {

/// Writes the code that runs a stage, inside an entry point.
using RunStage = std::function<void(Code &, Ptr frame)>;

struct Stage {
  mlir::Operation *op;
  RunStage run; // once per chunk of tokens
};

class LayerCode {
public:
  LayerCode(LayerOp layer, Unit &unit, int64_t chunkTokens)
      : layer(layer), unit(unit), frame(chunkTokens), ranks(layer, frame) {}

  /// Gives each argument a word. Slot tables and slot ids have none, because
  /// they are read through the step. Fails at a table whose pages are in
  /// another order than kernels for `device` read.
  mlir::LogicalResult declareArguments(PageOrder order, llvm::StringRef device);
  /// A region with `bytes` for each row of a token of `value`, or of a plan.
  int64_t region(mlir::Value value, int64_t bytes);
  /// The number of these rows in a chunk.
  Int rows(Code &code, Ptr frame, mlir::Value value);
  /// The word with the address of the result of `op`, with `bytes` per token:
  /// the output of the layer, or a region of the workspace.
  int64_t resultWord(mlir::Operation *op, int64_t bytes);
  mlir::Value output();
  /// A step has resolved the ids for all layers, and a chunk reads its part of
  /// the numbers. Without a step there are no numbers, and all tokens are base.
  RunStage resolveSlots(ResolveSlotsOp op);
  /// The same for gathered ids, whose numbers are put together.
  RunStage resolveGathered(ResolveSlotsOp op);

  LayerOp layer;
  Unit &unit;
  Frame frame;
  RankRows ranks;

  llvm::SmallVector<Stage> stages;
  /// Those of the entry point that is being written.
  const llvm::DenseSet<mlir::Operation *> *running = nullptr;
  llvm::DenseMap<mlir::Value, int64_t> words;
  /// The services that stages call, as bits of moelora_service.
  uint64_t services = 0;
  /// Around the stages of a chunk. `endChunk` writes Frame::Status if it fails.
  RunStage beginChunk, endChunk;
};

/// Emits a diagnostic unless the logits are of f32.
mlir::LogicalResult verifyLogits(RouteOp op);

/// The elements of one row: the product of all dimensions but the first.
int64_t rowElements(mlir::Type type);
/// The bytes of one row.
int64_t rowBytes(mlir::Type type);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LAYERCODE_H
