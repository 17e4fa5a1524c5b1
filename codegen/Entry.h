// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry points of an artifact: the same stages, cut at different values.
#ifndef MOELORA_CODEGEN_ENTRY_H
#define MOELORA_CODEGEN_ENTRY_H

#include "Lowering.h"

namespace moelora::codegen {

struct Entries {
  mlir::LLVM::LLVMFuncOp workspaceBytes;
  /// Null where the layer has no such entry point.
  mlir::LLVM::LLVMFuncOp run, runFromLogits, runFromIds;
  /// Bit per role that the first of them reads.
  uint32_t operands = 0;
};

/// Once the layer is declared. What only feeds a value that is given from
/// outside is not run.
Entries emitEntries(Lowering &lowering);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ENTRY_H
