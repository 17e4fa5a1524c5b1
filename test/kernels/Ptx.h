// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the PTX of kernels must keep of their operations. The emulator cannot
// tell: it runs code that does not pass through LLVM's backend for GPUs, and it
// does not model weak memory.
#ifndef MOELORA_TEST_KERNELS_PTX_H
#define MOELORA_TEST_KERNELS_PTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <map>
#include <string>

namespace moelora::kernels {

/// Throws a host::Error if there is none.
std::string ptxOf(mlir::gpu::GPUModuleOp module);

/// The text of each kernel, by name.
std::map<std::string, std::string> entriesOf(const std::string &ptx);

/// The numbers of the instructions that threads execute together, that order
/// memory, or that copy asynchronously, by name.
using Counts = std::map<std::string, int64_t>;
Counts countOps(mlir::LLVM::LLVMFuncOp kernel);
Counts countInstructions(const std::string &entry);

/// Whether what a thread block stored before it added to a counter is visible
/// to the block that reads the sum: a fence of the device precedes each atomic
/// operation on global memory whose result is used, with no store in between,
/// and one follows it, with no load in between. Returns what is missing, or "".
std::string whyUnfenced(const std::string &entry);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_PTX_H
