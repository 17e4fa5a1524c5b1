// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts attributes and types of the IR to the structs that the reference
// reads.

#ifndef MOELORA_INTERPRETER_DESCRIPTIONS_H
#define MOELORA_INTERPRETER_DESCRIPTIONS_H

#include "moelora/dialect/Ops.h"
#include "moelora/runtime/Layer.h"

namespace moelora::interpreter {

moelora_router describe(RouterAttr router, int64_t experts);
moelora_activation describe(ActivationAttr activation);

/// bf16, f16, f32 or f64.
moelora_dtype describe(mlir::Type element);

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_DESCRIPTIONS_H
