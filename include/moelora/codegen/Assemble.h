// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of a layer as PTX, and NVIDIA's assembler.
#ifndef MOELORA_CODEGEN_ASSEMBLE_H
#define MOELORA_CODEGEN_ASSEMBLE_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>
#include <string>

namespace moelora {

/// The PTX in a module that `moelora-to-ptx` produced, or nothing if there is
/// none.
std::optional<std::string> emittedPtx(mlir::ModuleOp module);

/// Assembles PTX for the architecture of its `.target`. If there is no ptxas,
/// or it fails, `why` states what to do.
std::optional<std::string> assemblePtx(llvm::StringRef ptx, std::string &why);

} // namespace moelora

#endif // MOELORA_CODEGEN_ASSEMBLE_H
