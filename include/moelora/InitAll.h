// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that moelora brings to a compiler, in three calls.

#ifndef MOELORA_INITALL_H
#define MOELORA_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace moelora {

/// The moelora dialect.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Every pass of passes/ and codegen/. Call once: passes are global.
void registerAllPasses();

/// Every named pipeline, such as moelora-to-cpu. Call once.
void registerAllPipelines();

} // namespace moelora

#endif // MOELORA_INITALL_H
