// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer as a shared object with its digest: its bytes, or loaded.
#ifndef MOELORA_LINK_SHAREDOBJECT_H
#define MOELORA_LINK_SHAREDOBJECT_H

#include "mlir/IR/BuiltinOps.h"
#include "moelora/codegen/Emit.h"
#include "moelora/runtime/Artifact.h"

#include <optional>

namespace moelora {

/// Of a module that moelora-to-cpu made, with the digest at its end. Nothing
/// after a diagnostic at the module's location.
std::optional<std::string> emitSharedObject(mlir::ModuleOp module);

/// The digest that such bytes end with, as text.
std::string digestOf(llvm::StringRef sharedObject);

/// Links an object and loads what results. The caller closes it. Null where
/// `why` says what failed.
moelora_artifact_file *loadObject(const ObjectBytes &object, std::string &why);

} // namespace moelora

#endif // MOELORA_LINK_SHAREDOBJECT_H
