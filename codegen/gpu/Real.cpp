// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/Real.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moelora::codegen {

template <typename Op> static Real binary(Real a, Real b) {
  return {a.code, Op::create(a.code->builder, a.code->loc, a.value, b.value)};
}
template <typename Op> static Real unary(Real a) {
  return {a.code, Op::create(a.code->builder, a.code->loc, a.value)};
}

Real operator+(Real a, Real b) { return binary<arith::AddFOp>(a, b); }
Real operator-(Real a, Real b) { return binary<arith::SubFOp>(a, b); }
Real operator*(Real a, Real b) { return binary<arith::MulFOp>(a, b); }
Real operator/(Real a, Real b) { return binary<arith::DivFOp>(a, b); }

Real like(Real a, double value) {
  return {a.code, a.code->f32(a.value.getType(), value)};
}

static Value compare(arith::CmpFPredicate kind, Real a, Real b) {
  return arith::CmpFOp::create(a.code->builder, a.code->loc, kind, a.value,
                               b.value);
}

Value less(Real a, Real b) { return compare(arith::CmpFPredicate::OGT, b, a); }
Value isNumber(Real a) { return compare(arith::CmpFPredicate::ORD, a, a); }

Real select(Value condition, Real a, Real b) {
  return {a.code, a.code->select(condition, a.value, b.value)};
}

Real absolute(Real a) { return unary<math::AbsFOp>(a); }
Real squareRoot(Real a) { return unary<math::SqrtOp>(a); }
Real logarithm(Real a) { return unary<math::LogOp>(a); }

Int bitsOf(Real a) {
  KernelCode &code = *a.code;
  return {&code, LLVM::BitcastOp::create(code.builder, code.loc,
                                         code.builder.getI32Type(), a.value)};
}

static KernelCode &kernelCode(Int a) {
  return *static_cast<KernelCode *>(a.code);
}

Real withBits(Int bits) {
  KernelCode &code = kernelCode(bits);
  return {&code,
          LLVM::BitcastOp::create(code.builder, code.loc,
                                  code.builder.getF32Type(), bits.value)};
}

Real roundedTo(Type element, Real a) {
  return {a.code, a.code->rounded(element, a.value)};
}

constexpr int64_t SignBit = INT32_MIN;

Int orderOf(Real a) {
  Int bits = bitsOf(a + 0.0); // -0 becomes +0
  Value negative = a.code->less(bits, bits.code->like(bits, 0));
  return a.code->select(negative, bits ^ -1, bits ^ SignBit);
}

Real ofOrder(Int order) {
  Value positive = order.code->less(order, order.code->like(order, 0));
  return withBits(order.code->select(positive, order ^ SignBit, order ^ -1));
}

/// 2^n for n in [-126, 127].
static Real powerOfTwo(Int n) { return withBits((n + 127) << 23); }

/// The Taylor polynomial of e^r.
static Real exponentialNearZero(Real r) {
  Real sum = like(r, 1.0f / 5040);
  for (float next : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2})
    sum = sum * r + next;
  sum = sum * r + 1;
  return sum * r + 1;
}

Real exponential(Real x) {
  KernelCode &code = *x.code;
  Real lowest = like(x, -104), highest = like(x, 89);
  constexpr double rounder = 12582912; // 1.5 * 2^23
  x = select(less(x, lowest), lowest, x);
  x = select(less(highest, x), highest, x);
  Real shifted = x * 1.44269504 + rounder;
  Real rounded = shifted - rounder;
  Real r = (x - rounded * 0.693359375) - rounded * -2.12194440e-4;
  Int difference = bitsOf(shifted) - bitsOf(like(x, rounder));
  Int n = ((difference + 512) & 1023) - 512;
  n = code.least(code.most(n, code.i32(-252)), code.i32(254));
  Int half = ((n + 512) >> 1) - 256; // n may be negative
  return exponentialNearZero(r) * powerOfTwo(half) * powerOfTwo(n - half);
}

/// e^-|x|, which cannot overflow.
static Real decay(Real x) { return exponential(like(x, 0) - absolute(x)); }

Real sigmoid(Real x) {
  Real small = decay(x);
  Real one = like(x, 1);
  return select(less(x, like(x, 0)), small, one) / (one + small);
}

/// log(1 + x) of x in [0, 1], as 2 atanh(x / (2 + x)).
static Real logarithmOfOnePlus(Real x) {
  Real z = x / (x + 2), square = z * z;
  Real sum = like(x, 1.0f / 17);
  for (float next : {1.0f / 15, 1.0f / 13, 1.0f / 11, 1.0f / 9, 1.0f / 7,
                     1.0f / 5, 1.0f / 3, 1.0f})
    sum = sum * square + next;
  return sum * (z + z);
}

Real sqrtSoftplus(Real x) {
  Real zero = like(x, 0);
  Real positive = select(less(x, zero), zero, x);
  return squareRoot(positive + logarithmOfOnePlus(decay(x)));
}

Real hyperbolicTangent(Real x) {
  Real square = x * x;
  Real sum = like(x, -5.70498872745e-3);
  for (double next : {2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
                      -3.33332819422e-1})
    sum = sum * square + next;
  Real near = x + x * (square * sum);
  Real size = absolute(x);
  Real far = like(x, 1) - like(x, 2) / (exponential(size + size) + 1);
  Real zero = like(x, 0);
  far = select(less(x, zero), zero - far, far);
  return select(less(size, like(x, 0.625)), near, far);
}

Real power(Real x, double p) {
  if (p == 0.5)
    return squareRoot(x);
  constexpr int most = 8; // of whole powers, which are more exact as products
  Real product = x;
  for (int whole = 1; whole <= most; ++whole, product = product * x)
    if (p == whole)
      return product;
  return exponential(logarithm(x) * p);
}

} // namespace moelora::codegen
