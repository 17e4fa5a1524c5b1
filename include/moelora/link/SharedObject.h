// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Links the object of a compiled layer to a shared object that ends with its
// digest, as the runtime requires, and returns its bytes or loads it.
#ifndef MOELORA_LINK_SHAREDOBJECT_H
#define MOELORA_LINK_SHAREDOBJECT_H

#include "mlir/IR/BuiltinOps.h"
#include "moelora/codegen/Emit.h"
#include "moelora/runtime/Artifact.h"

#include <optional>

namespace moelora {

/// Compiles and links a module that moelora-to-cpu has lowered. Returns the
/// bytes of the shared object, which end with the digest. On an error, emits a
/// diagnostic at the location of the module and returns std::nullopt.
std::optional<std::string> emitSharedObject(mlir::ModuleOp module);

/// The digest at the end of a shared object, in lower-case hexadecimal.
std::string digestOf(llvm::StringRef sharedObject);

/// Links an object and loads the shared object. The caller closes the result
/// with moelora_artifact_close. On an error, sets `why` to its text and returns
/// NULL.
moelora_artifact_file *loadObject(const ObjectBytes &object, std::string &why);

} // namespace moelora

#endif // MOELORA_LINK_SHAREDOBJECT_H
