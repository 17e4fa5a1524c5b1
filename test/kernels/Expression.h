// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations as text, for names that do not depend on code elsewhere.
#ifndef MOELORA_TEST_KERNELS_EXPRESSION_H
#define MOELORA_TEST_KERNELS_EXPRESSION_H

#include "mlir/IR/Operation.h"

#include <string>

namespace moelora::kernels {

/// The stage of a kernel, which the location of the operation names, or
/// "kernel".
std::string stageOf(mlir::Operation *op);

/// For example "select(slt(.., 72), load(getelementptr), c)". Operands are
/// shown to a depth. Of comparisons with a bound only the bound is shown, and
/// of other constants no value: copies of an operation in an unrolled loop have
/// the same text.
std::string expressionOf(mlir::Operation *op, int depth);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_EXPRESSION_H
