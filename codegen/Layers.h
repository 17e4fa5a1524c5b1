// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layers of a module, which become generated code at its end. Everything
// else in the module belongs to the host program and stays as it is.
#ifndef MOELORA_CODEGEN_LAYERS_H
#define MOELORA_CODEGEN_LAYERS_H

#include "moelora/dialect/Ops.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace moelora::codegen {

/// What symbols of a layer's code begin with: its name, or the name with a
/// number if the module has other symbols that begin with it.
std::string prefixOf(LayerOp layer);

/// Generates the code of one layer, and returns its artifact.
using ConvertLayer =
    llvm::function_ref<mlir::FailureOr<mlir::LLVM::GlobalOp>(LayerOp)>;
/// Generates the function that returns the artifacts by index.
using FinishLayers =
    llvm::function_ref<void(llvm::ArrayRef<mlir::LLVM::GlobalOp>)>;

/// Replaces each layer by its code, in the order of the module. Fails with a
/// diagnostic if a call of a layer is left, or if the host defines a symbol of
/// the artifact.
mlir::LogicalResult convertLayers(mlir::ModuleOp module, ConvertLayer convert,
                                  FinishLayers finish);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LAYERS_H
