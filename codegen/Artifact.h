// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The artifact: the constant struct that a compiled layer says of itself, and
// the one exported symbol that answers it.
#ifndef MOELORA_CODEGEN_ARTIFACT_H
#define MOELORA_CODEGEN_ARTIFACT_H

#include "Unit.h"
#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

/// The entry points that code generation made for a layer.
struct Entries {
  mlir::LLVM::LLVMFuncOp workspaceBytes;
  /// Null where the layer has no such entry point.
  mlir::LLVM::LLVMFuncOp run, runFromLogits, runFromIds;
  /// Bit per role that the first of them reads.
  uint32_t operands = 0;
};

/// `description` is what the artifact says that its layer computes.
void emitArtifact(Unit &unit, LayerOp layer, const moelora_layer &description,
                  const Entries &entries, llvm::StringRef producer);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ARTIFACT_H
