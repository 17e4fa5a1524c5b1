// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds IR at the routed level from the description of a layer.
//
//   buildLayer    any moelora_layer -> moelora.layer
//   importLayer   one layer of a model's config.json -> module
//
// A layer that the IR cannot express is an error at the given location.
#ifndef MOELORA_IMPORT_IMPORT_H
#define MOELORA_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "moelora/dialect/Ops.h"
#include "moelora/models/Model.h"

#include <optional>

namespace moelora {

/// The part of the routing that comes from outside. The stages before it are
/// not built.
enum class Given { Nothing, Logits, Choice };

/// Properties that a description does not contain.
struct LayerOptions {
  std::string name = "layer";    // symbol of the layer
  std::optional<int64_t> number; // in its model
  int64_t slots = 16;            // 0: no adapters
  int64_t maxRank = 64;
  bool sharesA = false; // of gate and up, over all experts of an adapter
  Given given = Given::Nothing;
};

/// Limits. A slot id has 16 bits for the index. No known adapter is near the
/// limit of the rank, and no known model near that of a size, which keeps
/// products within 64 bits.
constexpr int64_t mostSlots = 1 << 16, mostRank = 1024, mostSize = 1 << 20;
/// The limit for a table by token id. Vocabularies have about 2^18 entries.
constexpr int64_t mostRows = 1 << 24;

/// Creates the layer at the builder's insertion point. The dialect must be
/// loaded. A failure leaves no operations behind.
mlir::FailureOr<LayerOp> buildLayer(mlir::OpBuilder &builder,
                                    mlir::Location location,
                                    const moelora_layer &layer,
                                    const LayerOptions &options);

/// Makes a module of one layer, with its number. The name consists of the
/// model's type and the number, such as qwen3_moe_0, so that all layers of a
/// model can be linked into one image. Loads the dialect. Refuses dense layers.
mlir::OwningOpRef<mlir::ModuleOp> importLayer(mlir::MLIRContext &context,
                                              mlir::Location location,
                                              const models::Model &model,
                                              int layer, LayerOptions options);

} // namespace moelora

#endif // MOELORA_IMPORT_IMPORT_H
