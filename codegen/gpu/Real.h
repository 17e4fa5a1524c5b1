// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// f32 numbers of a kernel, so that code looks like formulas. No operation is
// contracted or reordered.
#ifndef MOELORA_CODEGEN_GPU_REAL_H
#define MOELORA_CODEGEN_GPU_REAL_H

#include "gpu/KernelCode.h"

namespace moelora::codegen {

struct Real {
  KernelCode *code;
  mlir::Value value;
};
Real operator+(Real a, Real b);
Real operator-(Real a, Real b);
Real operator*(Real a, Real b);
Real operator/(Real a, Real b);
/// A constant.
Real like(Real a, double value);
inline Real operator+(Real a, double b) { return a + like(a, b); }
inline Real operator-(Real a, double b) { return a - like(a, b); }
inline Real operator*(Real a, double b) { return a * like(a, b); }
inline Real operator/(Real a, double b) { return a / like(a, b); }

/// False if one of them is NaN.
mlir::Value less(Real a, Real b);
mlir::Value isNumber(Real a); // not NaN
Real select(mlir::Value condition, Real a, Real b);
/// a if b is NaN.
inline Real larger(Real a, Real b) { return select(less(a, b), b, a); }
Real absolute(Real a);
Real squareRoot(Real a);
Real logarithm(Real a);
/// Rounds to bf16, f16 or f32, to nearest and ties to even.
Real roundedTo(mlir::Type element, Real a);

Int bitsOf(Real a);
Real withBits(Int bits);

/// Bits in the order of numbers, as unsigned ones. -0 is +0; 0 is less than any
/// number.
Int orderOf(Real a);
Real ofOrder(Int order);

// As runtime/run/host/Exponential.h computes them, bit by bit.

Real exponential(Real x);
Real sigmoid(Real x);
Real sqrtSoftplus(Real x);
Real hyperbolicTangent(Real x);

/// x^p of x >= 0, for p > 0.
Real power(Real x, double p);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_REAL_H
