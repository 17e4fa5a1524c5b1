// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The notation's vectors.

#include "Code.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace moelora::codegen {

Value Code::splat(Value scalar, VectorType type) {
  return vector::BroadcastOp::create(builder, loc, type, scalar);
}

Value Code::shuffle(Value a, Value b, ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(builder, loc, a, b, lanes);
}

Value Code::fma(Value a, Value b, Value c) {
  return vector::FMAOp::create(builder, loc, a, b, c);
}

Value Code::bitcast(Value value, Type element) {
  auto type = cast<VectorType>(value.getType());
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  auto to = VectorType::get(bits / element.getIntOrFloatBitWidth(), element);
  return vector::BitCastOp::create(builder, loc, to, value);
}

Value Code::integers(Type like, uint32_t value) {
  auto type = cast<VectorType>(like).clone(builder.getI32Type());
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, APInt(32, value)));
}

// Adds half of the last place, and one more for a tie after an odd value.
Value Code::roundToBF16(Value floats) {
  Value bits = bitcast(floats, builder.getI32Type());
  auto constant = [&](uint32_t v) { return integers(bits.getType(), v); };
  Value high = arith::ShRUIOp::create(builder, loc, bits, constant(16));
  Value odd = arith::AndIOp::create(builder, loc, high, constant(1));
  Value half = arith::AddIOp::create(builder, loc, odd, constant(0x7fff));
  Value sum = arith::AddIOp::create(builder, loc, bits, half);
  Value rounded = arith::ShRUIOp::create(builder, loc, sum, constant(16));
  Value quiet = arith::OrIOp::create(builder, loc, high, constant(0x40));
  Value nan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO,
                                    floats, floats);
  Value chosen = select(nan, quiet, rounded);
  auto words = cast<VectorType>(bits.getType()).clone(builder.getI16Type());
  return arith::TruncIOp::create(builder, loc, words, chosen);
}

} // namespace moelora::codegen
