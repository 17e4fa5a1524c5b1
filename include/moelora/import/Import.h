// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the description of a layer to IR at the routed level.
//
//   buildLayer    a moelora_layer, whoever made it -> moelora.layer
//   importLayer   one layer of a model's config.json -> module
//
// What IR cannot express is an error at the location that was given.
#ifndef MOELORA_IMPORT_IMPORT_H
#define MOELORA_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "moelora/dialect/Ops.h"
#include "moelora/models/Model.h"

#include <optional>

namespace moelora {

/// What of the routing comes from outside; the stages before it are not built.
enum class Given { Nothing, Logits, Choice };

/// What a description leaves open.
struct LayerOptions {
  std::string name = "layer";    // symbol of the layer
  std::optional<int64_t> number; // in its model
  int64_t slots = 16;            // 0: no adapters
  int64_t maxRank = 64;
  Given given = Given::Nothing;
};

/// Bounds: a slot id has 16 bits for the index, no adapter in use comes near
/// the rank, and no model near the size, which keeps products in 64 bits.
constexpr int64_t mostSlots = 1 << 16, mostRank = 1024, mostSize = 1 << 20;
/// Of a table by token id; vocabularies have some 2^18 entries.
constexpr int64_t mostRows = 1 << 24;

/// Creates the layer at the builder's insertion point. The dialect must be
/// loaded. On failure nothing stays behind.
mlir::FailureOr<LayerOp> buildLayer(mlir::OpBuilder &builder,
                                    mlir::Location location,
                                    const moelora_layer &layer,
                                    const LayerOptions &options);

/// A module of one layer, with its number, named by the model's type and that,
/// such as qwen3_moe_0, so that layers of a model link into one image. Loads
/// the dialect. Dense layers are refused.
mlir::OwningOpRef<mlir::ModuleOp> importLayer(mlir::MLIRContext &context,
                                              mlir::Location location,
                                              const models::Model &model,
                                              int layer, LayerOptions options);

} // namespace moelora

#endif // MOELORA_IMPORT_IMPORT_H
