// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each operation of a GPU kernel becomes on the host.
#ifndef MOELORA_CODEGEN_EMULATEDOPS_H
#define MOELORA_CODEGEN_EMULATEDOPS_H

#include "gpu/EmulatorCalls.h"

namespace moelora::codegen {

/// The function that narrows what a pointer may reach; it means nothing to a
/// GPU. An address space follows: "moelora.bounded.1".
constexpr llvm::StringLiteral boundedFunction = "moelora.bounded.";

/// Replaces every operation that a host cannot do by a call into the emulator,
/// and every pointer by one of the host. The kernel's blocks follow a first one
/// of host code. Fails with a diagnostic at the first operation that the
/// emulator does not know.
mlir::LogicalResult emulateOps(mlir::LLVM::LLVMFuncOp kernel,
                               EmulatorCalls &calls);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_EMULATEDOPS_H
