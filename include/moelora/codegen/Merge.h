// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Artifacts with the variants of several targets.
#ifndef MOELORA_CODEGEN_MERGE_H
#define MOELORA_CODEGEN_MERGE_H

#include "mlir/IR/BuiltinOps.h"

namespace moelora {

/// Moves the variants of each artifact of `from` behind those of `into`, with
/// all code and data that they need. Both modules are results of a pipeline for
/// the same layers, of different targets. A digest becomes that of both
/// digests. `from` is of no use afterwards. Fails with a diagnostic if the
/// modules do not have artifacts of the same layers, or if both define the same
/// symbol.
mlir::LogicalResult mergeArtifacts(mlir::ModuleOp into, mlir::ModuleOp from);

} // namespace moelora

#endif // MOELORA_CODEGEN_MERGE_H
