// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a GPU module of the llvm and nvvm dialects to PTX.
#ifndef MOELORA_CODEGEN_GPU_PTX_H
#define MOELORA_CODEGEN_GPU_PTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/IR/Module.h"

namespace moelora::codegen {

// A module can be emitted once: its operations that only the emulator needs are
// erased.

/// The module as LLVM IR, before any optimisation. Null after a diagnostic.
std::unique_ptr<llvm::Module> emitLLVM(mlir::gpu::GPUModuleOp module,
                                       llvm::LLVMContext &context);

/// PTX for the chip of the module's #nvvm.target, in the oldest PTX version
/// that the chip and the kernels' instructions allow. The same module gives the
/// same text. A diagnostic tells what failed.
mlir::FailureOr<std::string> emitPtx(mlir::gpu::GPUModuleOp module);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PTX_H
