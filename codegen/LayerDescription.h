// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the description of a layer from IR.
#ifndef MOELORA_CODEGEN_LAYERDESCRIPTION_H
#define MOELORA_CODEGEN_LAYERDESCRIPTION_H

#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"
#include <cstring>
#include <optional>
#include <string>

namespace moelora::codegen {

/// Structs are copied into the artifact byte by byte, including padding.
template <typename Struct> Struct cleared() {
  Struct result;
  std::memset(&result, 0, sizeof(result));
  return result;
}

float describeReal(const llvm::APFloat &value);
moelora_router describeRouter(RouteOp route);
moelora_activation describeActivation(ActivationAttr activation);
moelora_dtype describeType(mlir::Type element);

/// The first part of a layer that a moelora_layer cannot describe.
struct Misfit {
  mlir::Operation *op = nullptr;
  std::string text; ///< the rule that `op` breaks
};

/// Returns the moelora_layer of a layer at the fused level. Every op and every
/// argument must have a role in the definition of docs/semantics.md, in any
/// order. Otherwise returns nothing, and `misfit` contains the reason.
std::optional<moelora_layer> recognizeLayer(LayerOp layer, Misfit &misfit);

/// The description for the artifact, or nothing and a remark with the reason if
/// the layer cannot be described.
std::optional<moelora_layer> describeLayer(LayerOp layer);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LAYERDESCRIPTION_H
