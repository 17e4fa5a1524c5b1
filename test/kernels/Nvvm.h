// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of a case as operations of the llvm and nvvm dialects, from which
// both PTX and code for the emulator are made.
#ifndef MOELORA_TEST_KERNELS_NVVM_H
#define MOELORA_TEST_KERNELS_NVVM_H

#include "differential/Case.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "moelora/host/Handles.h"

namespace moelora::kernels {

using differential::Case;

/// Throws a host::Error if the case does not compile.
mlir::OwningOpRef<mlir::ModuleOp> lowerToNvvm(mlir::MLIRContext &context,
                                              const Case &c);

/// The GPU module of a layer, which has one, and its kernels.
mlir::gpu::GPUModuleOp gpuModuleOf(mlir::ModuleOp module);
std::vector<mlir::LLVM::LLVMFuncOp> kernelsOf(mlir::ModuleOp module);

/// Compiles the module, which it changes, for the emulator, with one of its
/// kernels or, if that is null, with all. Throws a host::Error on failure.
host::ArtifactHandle emulate(mlir::ModuleOp module, const Case &c,
                             mlir::LLVM::LLVMFuncOp only = {});

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_NVVM_H
