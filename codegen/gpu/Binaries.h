// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a GPU module becomes in an artifact: an array of moelora_binary called
// NAME.binaries, which its variant names before it exists.
#ifndef MOELORA_CODEGEN_BINARIES_H
#define MOELORA_CODEGEN_BINARIES_H

#include "Unit.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "moelora/runtime/Abi.h"

namespace moelora::codegen {

struct Binary {
  moelora_binary_kind kind;
  int64_t bytes;
  mlir::LLVM::GlobalOp data;
};

/// The 80 of sm_80, from the module's #nvvm.target; a diagnostic where it has
/// none.
mlir::FailureOr<int64_t> architectureOf(mlir::gpu::GPUModuleOp module);

/// The symbol of the binaries of a GPU module.
std::string binariesOf(llvm::StringRef gpuModule);

/// The GPU modules of the llvm dialect, as those of layers are. A host program
/// lowers its own ones later.
llvm::SmallVector<mlir::gpu::GPUModuleOp>
loweredGpuModules(mlir::ModuleOp module);

/// Defines the binaries of the GPU module that the unit is called after.
void defineBinaries(Unit &unit, llvm::ArrayRef<Binary> binaries);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_BINARIES_H
