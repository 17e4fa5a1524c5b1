// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dot products: loads, expansion, rounding, the reduction tree.

#include "cpu/DotForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace moelora::codegen {

DotForm::DotForm(Type element, const CpuTarget &target, StringRef tag)
    : element(element), tag(tag), lanes(target.lanes()),
      native(element.isBF16() && target.tier == CpuTier::AVX512BF16) {
  step = element.isBF16() ? 2 * lanes : lanes;
  elementBytes = element.getIntOrFloatBitWidth() / 8;
  panelElementBytes = native ? elementBytes : 4;
}

VectorType DotForm::floats(int64_t count) const {
  return VectorType::get(count, Float32Type::get(element.getContext()));
}

VectorType DotForm::accumulator() const { return floats(lanes); }

VectorType DotForm::raw(int64_t count) const {
  if (element.isF32())
    return floats(count);
  return VectorType::get(count, IntegerType::get(element.getContext(), 16));
}

static SmallVector<int64_t> range(int64_t first, int64_t count) {
  return llvm::to_vector(llvm::seq<int64_t>(first, first + count));
}

static int64_t size(Value vector) {
  return cast<VectorType>(vector.getType()).getNumElements();
}

/// Truncates a vector, or extends it with zeros, to whole registers.
DotForm::Parts DotForm::fit(Code &code, Value floats) const {
  int64_t count = size(floats);
  if (count < lanes) {
    Value zero = code.zero(floats.getType());
    return {code.shuffle(floats, zero, range(0, lanes))};
  }
  Parts parts;
  for (int64_t first = 0; first < count; first += lanes)
    parts.push_back(code.shuffle(floats, floats, range(first, lanes)));
  return parts;
}

DotForm::Parts DotForm::expand(Code &code, Value raw) const {
  Builder &builder = code.builder;
  if (native) {
    int64_t count = size(raw);
    if (count < step)
      raw = code.shuffle(raw, code.zero(raw.getType()), range(0, step));
    return {code.bitcast(raw, element)};
  }
  if (!element.isBF16())
    return fit(code, widen(code, raw));
  Value pairs = code.bitcast(raw, builder.getI32Type());
  Value odd =
      arith::AndIOp::create(code.builder, code.loc, pairs,
                            code.integers(pairs.getType(), 0xffff0000u));
  Value even = arith::ShLIOp::create(code.builder, code.loc, pairs,
                                     code.integers(pairs.getType(), 16));
  Parts parts = fit(code, code.bitcast(odd, builder.getF32Type()));
  parts.append(fit(code, code.bitcast(even, builder.getF32Type())));
  return parts;
}

DotForm::Parts DotForm::loadPanel(Code &code, Ptr from) const {
  if (native)
    return {code.bitcast(code.load(raw(step), from), element)};
  Parts parts;
  for (int64_t first = 0; first < step; first += lanes)
    parts.push_back(code.load(accumulator(), from + first * 4));
  return parts;
}

Value DotForm::dot(Code &code, Value accumulator, const Parts &a,
                   const Parts &b) const {
  if (native) {
    auto name = code.builder.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512");
    return LLVM::CallIntrinsicOp::create(code.builder, code.loc,
                                         accumulator.getType(), name,
                                         ValueRange{accumulator, a[0], b[0]})
        .getResult(0);
  }
  for (auto [x, y] : llvm::zip_equal(a, b))
    accumulator = code.fma(x, y, accumulator);
  return accumulator;
}

void DotForm::pack(Code &code, Value raw, Ptr to) const {
  if (native)
    return code.store(raw, to);
  for (auto [index, part] : llvm::enumerate(expand(code, raw)))
    code.store(part, to + int64_t(index) * lanes * 4);
}

Value DotForm::round(Code &code, Value floats) const {
  if (element.isF32())
    return floats;
  if (element.isBF16())
    return code.roundToBF16(floats);
  auto type = cast<VectorType>(floats.getType()).clone(element);
  Value halves = arith::TruncFOp::create(code.builder, code.loc, type, floats);
  return code.bitcast(halves, code.builder.getI16Type());
}

Value DotForm::widen(Code &code, Value raw) const {
  if (element.isF32())
    return raw;
  if (element.isF16())
    return arith::ExtFOp::create(code.builder, code.loc, floats(size(raw)),
                                 code.bitcast(raw, element));
  auto words = cast<VectorType>(raw.getType()).clone(code.builder.getI32Type());
  Value low = arith::ExtUIOp::create(code.builder, code.loc, words, raw);
  Value high = arith::ShLIOp::create(code.builder, code.loc, low,
                                     code.integers(words, 16));
  return code.bitcast(high, code.builder.getF32Type());
}

static Value add(Code &code, Value a, Value b) {
  return arith::AddFOp::create(code.builder, code.loc, a, b);
}

/// Within each group of four lanes: the given lanes, two of a and two of b.
static Value interleave(Code &code, Value a, Value b, ArrayRef<int64_t> lanes) {
  int64_t count = size(a);
  SmallVector<int64_t> all;
  for (int64_t first = 0; first < count; first += 4)
    for (int64_t lane : lanes)
      all.push_back(first + (lane < 4 ? lane : count + lane - 4));
  return code.shuffle(a, b, all);
}

// With a = a0 a1 a2 a3 in each group of four lanes, and so on:
//   ab   = a0+a2 b0+b2 a1+a3 b1+b3      cd alike
//   abcd = a0+a2+a1+a3 b... c... d...
// and then the groups are added, upper half to lower half.
Value DotForm::reduce(Code &code, ArrayRef<Value> four) const {
  auto pair = [&](Value a, Value b) {
    return add(code, interleave(code, a, b, {0, 4, 1, 5}),
               interleave(code, a, b, {2, 6, 3, 7}));
  };
  Value ab = pair(four[0], four[1]), cd = pair(four[2], four[3]);
  Value sum = add(code, interleave(code, ab, cd, {0, 1, 4, 5}),
                  interleave(code, ab, cd, {2, 3, 6, 7}));
  while (size(sum) > 4) {
    int64_t half = size(sum) / 2;
    sum = add(code, code.shuffle(sum, sum, range(0, half)),
              code.shuffle(sum, sum, range(half, half)));
  }
  return sum;
}

} // namespace moelora::codegen
