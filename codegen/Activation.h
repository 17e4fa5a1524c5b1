// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The non-linearity between the two expert GEMMs, on vectors of f32.
#ifndef MOELORA_CODEGEN_ACTIVATION_H
#define MOELORA_CODEGEN_ACTIVATION_H

#include "Code.h"
#include "moelora/dialect/Dialect.h"

namespace moelora::codegen {

/// How sigmoids are computed: to about the last bit, or as fast as a GPU can.
enum class Sigmoid { Exact, Hardware };

/// 1 / (1 + e^-x), for the score of the shared expert.
mlir::Value emitSigmoid(Code &code, Sigmoid kind, mlir::Value x);

/// f(g) * (u + offset) with the clamps of the attribute.
mlir::Value emitGated(Code &code, Sigmoid kind, ActivationAttr activation,
                      mlir::Value gate, mlir::Value up);
/// f(u).
mlir::Value emitPlain(Code &code, Sigmoid kind, ActivationAttr activation,
                      mlir::Value up);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_ACTIVATION_H
