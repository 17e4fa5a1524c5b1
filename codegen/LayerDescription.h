// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the artifact says of its layer, read back from IR.
#ifndef MOELORA_CODEGEN_LAYERDESCRIPTION_H
#define MOELORA_CODEGEN_LAYERDESCRIPTION_H

#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"
#include <cstring>
#include <optional>
#include <string>

namespace moelora::codegen {

/// Structs go into the artifact byte by byte, padding included.
template <typename Struct> Struct cleared() {
  Struct result;
  std::memset(&result, 0, sizeof(result));
  return result;
}

float describeReal(const llvm::APFloat &value);
moelora_router describeRouter(RouteOp route);
moelora_activation describeActivation(ActivationAttr activation);
moelora_dtype describeType(mlir::Type element);

/// The first thing in a layer that no moelora_layer says.
struct Misfit {
  mlir::Operation *op = nullptr;
  std::string text; ///< what is expected of `op`
};

/// What moelora_layer says of a layer at the fused level, if it is exactly such
/// a layer: every op and every argument has its part in the definition of
/// docs/semantics.md, in any order. Else nothing, and `misfit` says why.
std::optional<moelora_layer> recognizeLayer(LayerOp layer, Misfit &misfit);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LAYERDESCRIPTION_H
