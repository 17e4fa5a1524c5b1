// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Activations. Exponentials and error functions stay ops of the math dialect;
// the conversion expands them to polynomials.

#include "Activation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

/// Arithmetic on vectors, so that code looks like formulas.
struct Formula {
  Code &code;
  Sigmoid kind;
  Type type;

  Value constant(double value) { return code.f32(type, value); }
  Value add(Value a, Value b) {
    return arith::AddFOp::create(code.builder, code.loc, a, b);
  }
  Value mul(Value a, Value b) {
    return arith::MulFOp::create(code.builder, code.loc, a, b);
  }
  Value div(Value a, Value b) {
    return arith::DivFOp::create(code.builder, code.loc, a, b);
  }
  // Both propagate NaN.
  Value least(Value a, double b) {
    return arith::MinimumFOp::create(code.builder, code.loc, a, constant(b));
  }
  Value most(Value a, double b) {
    return arith::MaximumFOp::create(code.builder, code.loc, a, constant(b));
  }
  Value exp(Value a) { return math::ExpOp::create(code.builder, code.loc, a); }
  Value erf(Value a) { return math::ErfOp::create(code.builder, code.loc, a); }

  /// cap * tanh(x / cap); cap 0: x.
  Value capped(Value x, const llvm::APFloat &cap) {
    if (cap.isZero())
      return x;
    Value limit = constant(cap.convertToDouble());
    Value bent = math::TanhOp::create(code.builder, code.loc, div(x, limit));
    return mul(limit, bent);
  }

  /// A function of one f32 that a GPU approximates with one instruction.
  Value hardware(StringRef name, Value a) {
    return LLVM::CallIntrinsicOp::create(code.builder, code.loc, type,
                                         code.builder.getStringAttr(name),
                                         ValueRange{a})
        .getResult(0);
  }

  /// x * sigmoid(y), as one division: x / (1 + e^-y). The error of ex2 and rcp
  /// is a few units in the last place, and that of the product of y and log2 e
  /// grows with y, where the sigmoid is near 0 or 1.
  Value timesSigmoid(Value x, Value y) {
    if (kind == Sigmoid::Hardware) {
      constexpr double log2E = 1.4426950408889634;
      Value power =
          hardware("llvm.nvvm.ex2.approx.ftz.f", mul(y, constant(-log2E)));
      return mul(
          x, hardware("llvm.nvvm.rcp.approx.ftz.f", add(constant(1), power)));
    }
    Value negated = arith::NegFOp::create(code.builder, code.loc, y);
    return div(x, add(constant(1), exp(negated)));
  }

  /// x/2 (1 + tanh z) is x sigmoid(2z), which has no cancellation if tanh z is
  /// near -1.
  Value geluTanh(Value x) {
    constexpr double twiceRoot = 1.5957691216057308; // 2 sqrt(2 / pi)
    Value square = mul(x, x);
    Value inner = add(constant(1), mul(constant(0.044715), square));
    return timesSigmoid(x, mul(constant(twiceRoot), mul(x, inner)));
  }

  Value gelu(Value x) {
    constexpr double rootHalf = 0.70710678118654752; // 1 / sqrt(2)
    Value tail = add(constant(1), erf(mul(x, constant(rootHalf))));
    return mul(mul(constant(0.5), x), tail);
  }

  Value relu2(Value x) {
    Value positive = most(x, 0);
    return mul(positive, positive);
  }

  Value apply(ActivationAttr activation, Value x) {
    switch (activation.getFunction()) {
    case Function::Silu:
      return timesSigmoid(
          capped(x, activation.getGateCap()),
          mul(constant(activation.getAlpha().convertToDouble()), x));
    case Function::GeluTanh:
      return geluTanh(x);
    case Function::Gelu:
      return gelu(x);
    case Function::Relu2:
      return relu2(x);
    }
    llvm_unreachable("every function has a formula");
  }
};

} // namespace

Value emitSigmoid(Code &code, Sigmoid kind, Value x) {
  Formula formula{code, kind, x.getType()};
  return formula.timesSigmoid(formula.constant(1), x);
}

Value emitPlain(Code &code, Sigmoid kind, ActivationAttr activation, Value up) {
  return Formula{code, kind, up.getType()}.apply(activation, up);
}

Value emitGated(Code &code, Sigmoid kind, ActivationAttr activation, Value gate,
                Value up) {
  Formula formula{code, kind, gate.getType()};
  double gateMax = activation.getGateMax().convertToDouble();
  double upLimit = activation.getUpLimit().convertToDouble();
  if (activation.getClamp() == Clamp::Pre)
    gate = formula.least(gate, gateMax);
  Value f = formula.apply(activation, gate);
  if (activation.getClamp() == Clamp::Post)
    f = formula.least(f, gateMax);
  if (activation.getClamp() != Clamp::None)
    up = formula.most(formula.least(up, upLimit), -upLimit);
  up = formula.capped(up, activation.getUpCap());
  double offset = activation.getUpOffset().convertToDouble();
  if (offset != 0)
    up = formula.add(up, formula.constant(offset));
  return formula.mul(f, up);
}

} // namespace moelora::codegen
