// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a layer to what was asked for.
#ifndef MOELORA_TOOLS_COMPILE_COMPILE_H
#define MOELORA_TOOLS_COMPILE_COMPILE_H

#include "Options.h"
#include "mlir/IR/BuiltinOps.h"

/// The bytes of the file; nothing where it failed and stderr says why. The
/// module is used up.
std::optional<std::string> compileLayer(mlir::ModuleOp module,
                                        const Options &options);

#endif // MOELORA_TOOLS_COMPILE_COMPILE_H
