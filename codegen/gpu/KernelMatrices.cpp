// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrices, asynchronous copies, and 16-bit numbers.

#include "gpu/KernelCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace moelora::codegen {

template <size_t N>
static Registers<N> unpack(KernelCode &code, Value structure) {
  Registers<N> registers;
  for (size_t i = 0; i < N; ++i)
    registers[i] = LLVM::ExtractValueOp::create(code.builder, code.loc,
                                                structure, int64_t(i));
  return registers;
}

static Type structOf(Type element, size_t count) {
  return LLVM::LLVMStructType::getLiteral(element.getContext(),
                                          SmallVector<Type>(count, element));
}

Registers<4> KernelCode::loadMatrices(Ptr row) {
  auto shape = NVVM::LdStMatrixShapeAttr::get(builder.getContext(), 8, 8);
  Value all = NVVM::LdMatrixOp::create(
      builder, loc, structOf(builder.getI32Type(), 4), row.value, 4,
      NVVM::MMALayout::row, shape, NVVM::LdStMatrixEltType::B16);
  return unpack<4>(*this, all);
}

/// The form in which mma takes the registers of a factor: bf16 as i32, f16 as
/// pairs.
template <size_t N>
static SmallVector<Value> factor(KernelCode &code, Type element,
                                 Registers<N> registers) {
  SmallVector<Value> values(registers.begin(), registers.end());
  if (!element.isF16())
    return values;
  auto pair = VectorType::get(2, element);
  for (Value &value : values)
    value = LLVM::BitcastOp::create(code.builder, code.loc, pair, value);
  return values;
}

Registers<4> KernelCode::multiply(Type element, Registers<4> a, Registers<2> b,
                                  Registers<4> c) {
  auto type = element.isF16() ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  Value d = NVVM::MmaOp::create(
      builder, loc, structOf(builder.getF32Type(), 4),
      factor(*this, element, a), factor(*this, element, b),
      SmallVector<Value>(c.begin(), c.end()), ArrayRef<int64_t>{16, 8, 16},
      /*b1Op=*/std::nullopt,
      /*intOverflow=*/std::nullopt, std::array<NVVM::MMATypes, 2>{type, type},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  return unpack<4>(*this, d);
}

Value KernelCode::transpose(Value matrix) {
  return LLVM::InlineAsmOp::create(
             builder, loc, builder.getI32Type(), matrix,
             "movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", "=r,r",
             /*has_side_effects=*/true, /*is_align_stack=*/false,
             LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

Value KernelCode::roundPair(Type element, Value low, Value high) {
  auto pair = VectorType::get(2, element);
  auto nearest = NVVM::FPRoundingMode::RN;
  Value rounded = element.isF16()
                      ? NVVM::ConvertF32x2ToF16x2Op::create(
                            builder, loc, pair, high, low, Value(), nearest)
                            .getResult()
                      : NVVM::ConvertF32x2ToBF16x2Op::create(
                            builder, loc, pair, high, low, Value(), nearest)
                            .getResult();
  return LLVM::BitcastOp::create(builder, loc, builder.getI32Type(), rounded);
}

/// The bits of a 16-bit number.
static Value narrow(KernelCode &code, Type element, Value value) {
  Value zero = code.f32(code.builder.getF32Type(), 0);
  return LLVM::TruncOp::create(code.builder, code.loc,
                               code.builder.getI16Type(),
                               code.roundPair(element, value, zero));
}

static Value widen(KernelCode &code, Type element, Value bits) {
  OpBuilder &builder = code.builder;
  if (element.isF16()) {
    Value half = LLVM::BitcastOp::create(builder, code.loc, element, bits);
    return LLVM::FPExtOp::create(builder, code.loc, builder.getF32Type(), half);
  }
  Int wide{&code,
           LLVM::ZExtOp::create(builder, code.loc, builder.getI32Type(), bits)};
  return LLVM::BitcastOp::create(builder, code.loc, builder.getF32Type(),
                                 (wide << 16).value);
}

void KernelCode::storeRounded(Type element, Value value, Ptr to) {
  store(element.isF32() ? value : narrow(*this, element, value), to);
}

Value KernelCode::rounded(Type element, Value value) {
  return element.isF32() ? value
                         : widen(*this, element, narrow(*this, element, value));
}

Value KernelCode::loadWidened(Type element, Ptr from) {
  return element.isF32()
             ? loadFloat(from)
             : widen(*this, element, load(builder.getI16Type(), from));
}

static void copy(KernelCode &code, Ptr to, Ptr from, Value bytes) {
  NVVM::CpAsyncOp::create(code.builder, code.loc, to.value, from.value, 16,
                          NVVM::LoadCacheModifierKind::CG, bytes);
}

void KernelCode::copyAsync(Ptr to, Ptr from, Int bytes) {
  copy(*this, to, from, bytes.value);
}
void KernelCode::copyAsync(Ptr to, Ptr from) { copy(*this, to, from, {}); }

void KernelCode::commit() { NVVM::CpAsyncCommitGroupOp::create(builder, loc); }

void KernelCode::waitForAllBut(int64_t groups) {
  NVVM::CpAsyncWaitGroupOp::create(builder, loc, uint32_t(groups));
}

} // namespace moelora::codegen
