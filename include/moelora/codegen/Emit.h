// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module of the llvm dialect to what a machine loads.
//
// Everything is a function of its input: the same module gives the same bytes,
// whatever its file is called and whenever it is compiled.
#ifndef MOELORA_CODEGEN_EMIT_H
#define MOELORA_CODEGEN_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <memory>
#include <string>

namespace moelora {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// Optimised LLVM IR of a module that `moelora-to-cpu` made; null after a
/// diagnostic.
std::unique_ptr<llvm::Module> emitLLVM(mlir::ModuleOp module,
                                       llvm::LLVMContext &context);

/// A relocatable object; diagnostics go to the module's location.
mlir::FailureOr<ObjectBytes> emitObject(mlir::ModuleOp module);

/// Links an object into a shared object at `path`. It exports the queries of
/// its layer alone and needs no library but the C library's memset. It has no
/// digest at its end yet, which loading asks for. On failure `why` says what to
/// do.
bool linkSharedObject(const ObjectBytes &object, llvm::StringRef path,
                      std::string &why);

} // namespace moelora

#endif // MOELORA_CODEGEN_EMIT_H
