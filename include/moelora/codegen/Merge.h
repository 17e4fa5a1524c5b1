// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One artifact with the variants of several.
#ifndef MOELORA_CODEGEN_MERGE_H
#define MOELORA_CODEGEN_MERGE_H

#include "mlir/IR/BuiltinOps.h"

namespace moelora {

/// Moves the variants of `from` behind those of `into`, with all code and data
/// that they need. Both modules are results of a pipeline for the same layer,
/// of different targets. The digest becomes that of both digests. `from` is of
/// no use afterwards. Fails with a diagnostic if a module has no artifact, or
/// if both define the same symbol.
mlir::LogicalResult mergeArtifact(mlir::ModuleOp into, mlir::ModuleOp from);

} // namespace moelora

#endif // MOELORA_CODEGEN_MERGE_H
