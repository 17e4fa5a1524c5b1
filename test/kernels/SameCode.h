// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether two kernels are the same to a compiler: a mutant whose code is that
// of the kernel has no mistake.
#ifndef MOELORA_TEST_KERNELS_SAMECODE_H
#define MOELORA_TEST_KERNELS_SAMECODE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <string>

namespace moelora::kernels {

/// A kernel of a module as optimised LLVM IR for a GPU, on which the numbers of
/// threads and lanes are below their limits.
std::string optimizedCode(mlir::gpu::GPUModuleOp module,
                          llvm::StringRef kernel);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_SAMECODE_H
