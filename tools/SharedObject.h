// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linked layer in memory, for tools that write it themselves.
#ifndef MOELORA_TOOLS_SHAREDOBJECT_H
#define MOELORA_TOOLS_SHAREDOBJECT_H

#include "mlir/IR/BuiltinOps.h"

#include <optional>

/// The shared object of a module that moelora-to-cpu produced, with the digest
/// at its end. Nothing after a diagnostic at the module's location.
std::optional<std::string> emitSharedObject(mlir::ModuleOp module);

/// The digest at the end of such a shared object, as text.
std::string digestOf(llvm::StringRef sharedObject);

#endif // MOELORA_TOOLS_SHAREDOBJECT_H
