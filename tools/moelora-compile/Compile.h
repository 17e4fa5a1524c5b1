// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles layers to the requested output.
#ifndef MOELORA_TOOLS_COMPILE_COMPILE_H
#define MOELORA_TOOLS_COMPILE_COMPILE_H

#include "Options.h"
#include "mlir/IR/BuiltinOps.h"

/// The content of the output file, or nothing after an error on stderr.
/// Consumes the module.
std::optional<std::string> compileLayers(mlir::ModuleOp module,
                                         const Options &options);

#endif // MOELORA_TOOLS_COMPILE_COMPILE_H
