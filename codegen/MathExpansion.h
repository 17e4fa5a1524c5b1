// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the conversions to kernels share.
#ifndef MOELORA_CODEGEN_MATHEXPANSION_H
#define MOELORA_CODEGEN_MATHEXPANSION_H

#include "mlir/IR/Operation.h"

namespace moelora::codegen {

/// Turns exponentials, logarithms, error functions and hyperbolic tangents
/// inside a generated op into polynomials.
void expandMath(mlir::Operation *op);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_MATHEXPANSION_H
