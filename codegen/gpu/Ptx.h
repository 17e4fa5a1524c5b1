// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a GPU module of the llvm and nvvm dialects to PTX.
#ifndef MOELORA_CODEGEN_GPU_PTX_H
#define MOELORA_CODEGEN_GPU_PTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace moelora::codegen {

/// PTX for the chip of the module's #nvvm.target, in the oldest PTX version
/// that the chip and the kernels' instructions allow. The same module gives the
/// same text. The module can be emitted once. A diagnostic tells what failed.
mlir::FailureOr<std::string> emitPtx(mlir::gpu::GPUModuleOp module);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PTX_H
