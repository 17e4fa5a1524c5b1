// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers the dialect, the passes and the pipelines of moelora.

#ifndef MOELORA_INITALL_H
#define MOELORA_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace moelora {

/// Registers the moelora dialect.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers every pass of passes/ and codegen/. Call it once, because passes
/// are global.
void registerAllPasses();

/// Registers every named pipeline, such as moelora-to-cpu. Call it once.
void registerAllPipelines();

} // namespace moelora

#endif // MOELORA_INITALL_H
