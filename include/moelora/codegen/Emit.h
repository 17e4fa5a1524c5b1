// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Object files and shared objects from a module of the llvm dialect.
//
// The output depends only on the module, and not on file names or the time: the
// same module produces the same bytes.
#ifndef MOELORA_CODEGEN_EMIT_H
#define MOELORA_CODEGEN_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <memory>
#include <string>

namespace moelora {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// Translates a module that `moelora-to-cpu` produced to optimised LLVM IR.
/// Null after a diagnostic.
std::unique_ptr<llvm::Module> emitLLVM(mlir::ModuleOp module,
                                       llvm::LLVMContext &context);

/// Compiles a module to a relocatable object. Diagnostics are emitted at the
/// module's location.
mlir::FailureOr<ObjectBytes> emitObject(mlir::ModuleOp module);

/// Links an object into a shared object at `path`. It exports only the query
/// symbols of its layer, and requires only memset from the C library. It does
/// not have the digest yet that loading requires. On failure `why` states what
/// to do.
bool linkSharedObject(const ObjectBytes &object, llvm::StringRef path,
                      std::string &why);

} // namespace moelora

#endif // MOELORA_CODEGEN_EMIT_H
