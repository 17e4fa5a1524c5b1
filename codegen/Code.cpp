// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Code.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moelora::codegen {

template <typename Op> static Int binary(Int a, Int b) {
  Code &code = *a.code;
  return {&code, code.builder.createOrFold<Op>(code.loc, a.value, b.value)};
}

Int operator+(Int a, Int b) { return binary<arith::AddIOp>(a, b); }
Int operator-(Int a, Int b) { return binary<arith::SubIOp>(a, b); }
Int operator*(Int a, Int b) { return binary<arith::MulIOp>(a, b); }
Int operator/(Int a, Int b) { return binary<arith::DivUIOp>(a, b); }
Int operator%(Int a, Int b) { return binary<arith::RemUIOp>(a, b); }
Int operator+(Int a, int64_t b) { return a + a.code->like(a, b); }
Int operator-(Int a, int64_t b) { return a - a.code->like(a, b); }
Int operator*(Int a, int64_t b) { return a * a.code->like(a, b); }
Int operator/(Int a, int64_t b) { return a / a.code->like(a, b); }
Int operator%(Int a, int64_t b) { return a % a.code->like(a, b); }
Int operator&(Int a, Int b) { return binary<arith::AndIOp>(a, b); }
Int operator&(Int a, int64_t b) { return a & a.code->like(a, b); }
Int operator|(Int a, Int b) { return binary<arith::OrIOp>(a, b); }
Int operator^(Int a, Int b) { return binary<arith::XOrIOp>(a, b); }
Int operator^(Int a, int64_t b) { return a ^ a.code->like(a, b); }
Int operator<<(Int a, Int bits) { return binary<arith::ShLIOp>(a, bits); }
Int operator>>(Int a, Int bits) { return binary<arith::ShRUIOp>(a, bits); }
Int operator<<(Int a, int64_t bits) { return a << a.code->like(a, bits); }
Int operator>>(Int a, int64_t bits) { return a >> a.code->like(a, bits); }

Ptr operator+(Ptr base, Int bytes) {
  Code &code = *base.code;
  Type pointer = base.value.getType();
  return {&code, LLVM::GEPOp::create(code.builder, code.loc, pointer,
                                     code.builder.getI8Type(), base.value,
                                     ArrayRef<LLVM::GEPArg>{bytes.value})};
}

Ptr operator+(Ptr base, int64_t bytes) {
  return bytes == 0 ? base : base + base.code->i64(bytes);
}

Int Code::i64(int64_t value) {
  return {this, arith::ConstantIntOp::create(builder, loc, value, 64)};
}

Int Code::i32(int64_t value) {
  return {this, arith::ConstantIntOp::create(builder, loc, value, 32)};
}

Int Code::like(Int a, int64_t value) {
  return {this,
          arith::ConstantIntOp::create(builder, loc, a.value.getType(), value)};
}

Value Code::bit(bool value) {
  return arith::ConstantIntOp::create(builder, loc, value, 1);
}

Value Code::f32(Type type, double value) {
  TypedAttr attr = builder.getF32FloatAttr(float(value));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = SplatElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

Value Code::zero(Type type) {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

Ptr Code::null() {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return {this, LLVM::ZeroOp::create(builder, loc, pointer)};
}

Ptr Code::address(LLVM::LLVMFuncOp function) {
  return {this, LLVM::AddressOfOp::create(builder, loc, function)};
}

Ptr Code::address(LLVM::GlobalOp global) {
  return {this, LLVM::AddressOfOp::create(builder, loc, global)};
}

Ptr Code::slot(int64_t bytes) {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return {this, LLVM::AllocaOp::create(builder, loc, pointer,
                                       builder.getI8Type(), i64(bytes).value,
                                       /*alignment=*/8)};
}

static unsigned naturalAlignment(Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return 8;
  return getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
}

Value Code::load(Type type, Ptr from, unsigned alignment) {
  if (!alignment)
    alignment = naturalAlignment(type);
  return LLVM::LoadOp::create(builder, loc, type, from.value, alignment);
}

Value Code::loadConstant(Type type, Ptr from, unsigned alignment) {
  Value value = load(type, from, alignment);
  value.getDefiningOp<LLVM::LoadOp>().setInvariant(true);
  return value;
}

void Code::store(Value value, Ptr to, unsigned alignment) {
  if (!alignment)
    alignment = naturalAlignment(value.getType());
  LLVM::StoreOp::create(builder, loc, value, to.value, alignment);
}

static Value firstLanes(Code &code, VectorType type, int64_t count) {
  SmallVector<bool> lanes(type.getNumElements(), false);
  std::fill_n(lanes.begin(), count, true);
  return arith::ConstantOp::create(
      code.builder, code.loc,
      DenseElementsAttr::get(type.clone(code.builder.getI1Type()),
                             ArrayRef<bool>(lanes)));
}

Value Code::loadFirst(VectorType type, int64_t count, Ptr from) {
  if (count == type.getNumElements())
    return load(type, from);
  Value mask = firstLanes(*this, type, count);
  return LLVM::MaskedLoadOp::create(builder, loc, type, from.value, mask,
                                    zero(type), naturalAlignment(type));
}

// In parts of 8, 4, 2 and 1 lanes instead of masked: LLVM 22 turns a masked
// store of one lane of a truncated vector into a store of the untruncated one,
// which writes past the end.
void Code::storeFirst(Value value, int64_t count, Ptr to) {
  auto type = cast<VectorType>(value.getType());
  if (count == type.getNumElements())
    return store(value, to);
  int64_t done = 0;
  for (int64_t size = type.getNumElements(); size > 0; size /= 2) {
    if (!(count & size))
      continue;
    auto lanes = llvm::to_vector(llvm::seq<int64_t>(done, done + size));
    store(shuffle(value, value, lanes), to + done * naturalAlignment(type));
    done += size;
  }
}

Value Code::first(Value value, int64_t count) {
  auto type = cast<VectorType>(value.getType());
  return select(firstLanes(*this, type, count), value, zero(type));
}

Int Code::loadInt(Ptr from) { return {this, load(builder.getI64Type(), from)}; }

Int Code::loadInt32(Ptr from) {
  Value value = load(builder.getI32Type(), from);
  return {this,
          arith::ExtSIOp::create(builder, loc, builder.getI64Type(), value)};
}

Int Code::loadUnsigned(Ptr from, unsigned bits) {
  Value value = load(builder.getIntegerType(bits), from);
  return {this,
          arith::ExtUIOp::create(builder, loc, builder.getI64Type(), value)};
}

Ptr Code::loadPtr(Ptr from) {
  return {this, load(LLVM::LLVMPointerType::get(builder.getContext()), from)};
}

void Code::prefetch(Ptr line) {
  // Read, keep in all levels, data.
  LLVM::Prefetch::create(builder, loc, line.value, 0, 3, 1);
}

void Code::clear(Ptr to, Int bytes) {
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 8);
  LLVM::MemsetOp::create(builder, loc, to.value, zero, bytes.value,
                         /*isVolatile=*/false);
}

void Code::loop(Int begin, Int end, int64_t step, Body body) {
  loop(begin, end, step, ValueRange(), [&](Int i, ValueRange) {
    body(i);
    return Values();
  });
}

Code::Values Code::loop(Int begin, Int end, int64_t step, ValueRange carried,
                        Reduce body) {
  auto op = scf::ForOp::create(builder, loc, begin.value, end.value,
                               like(begin, step).value, carried);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = op.getBody();
  if (carried.empty()) // the builder has created the terminator already
    block->getTerminator()->erase();
  builder.setInsertionPointToEnd(block);
  Values yielded = body({this, op.getInductionVar()}, op.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, yielded);
  return Values(op.getResults());
}

void Code::when(Value condition, llvm::function_ref<void()> body) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  body();
}

void Code::when(Value condition, llvm::function_ref<void()> body,
                llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElse=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  body();
  builder.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

Int Code::iterate(Int start, llvm::function_ref<Value(Int)> again,
                  llvm::function_ref<Int(Int)> next) {
  auto op = scf::WhileOp::create(
      builder, loc, TypeRange(start.value.getType()), ValueRange(start.value),
      [&](OpBuilder &, Location, ValueRange state) {
        scf::ConditionOp::create(builder, loc, again({this, state[0]}), state);
      },
      [&](OpBuilder &, Location, ValueRange state) {
        Int following = next({this, state[0]});
        scf::YieldOp::create(builder, loc, following.value);
      });
  return {this, op.getResult(0)};
}

static Value compare(Code &code, arith::CmpIPredicate kind, Value a, Value b) {
  return code.builder.createOrFold<arith::CmpIOp>(code.loc, kind, a, b);
}

Value Code::less(Int a, Int b) {
  return compare(*this, arith::CmpIPredicate::slt, a.value, b.value);
}

Value Code::below(Int a, Int b) {
  return compare(*this, arith::CmpIPredicate::ult, a.value, b.value);
}

Value Code::both(Value a, Value b) {
  return builder.createOrFold<arith::AndIOp>(loc, a, b);
}

Value Code::equal(Int a, Int b) {
  return compare(*this, arith::CmpIPredicate::eq, a.value, b.value);
}

Value Code::isNull(Ptr address) {
  Value number = LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(),
                                          address.value);
  return equal({this, number}, i64(0));
}

Value Code::equal32(Value a, int64_t b) {
  return compare(*this, arith::CmpIPredicate::eq, a, i32(b).value);
}

Value Code::select(Value condition, Value a, Value b) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, a, b);
}

Int Code::select(Value condition, Int a, Int b) {
  return {this, select(condition, a.value, b.value)};
}

Ptr Code::select(Value condition, Ptr a, Ptr b) {
  return {this, select(condition, a.value, b.value)};
}

Ptr Code::toPtr(Int address) {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return {this, LLVM::IntToPtrOp::create(builder, loc, pointer, address.value)};
}

Int Code::toI32(Int value) {
  return {this, builder.createOrFold<arith::TruncIOp>(loc, builder.getI32Type(),
                                                      value.value)};
}

Int Code::toI64(Int value) {
  return {this, builder.createOrFold<arith::ExtUIOp>(loc, builder.getI64Type(),
                                                     value.value)};
}

void Code::call(LLVM::LLVMFuncOp callee, ValueRange operands) {
  LLVM::CallOp::create(builder, loc, callee, operands);
}

static LLVM::CallOp callAt(Code &code, Type result, Ptr callee,
                           ValueRange operands) {
  SmallVector<Type> types(operands.getTypes());
  auto type = LLVM::LLVMFunctionType::get(result, types);
  SmallVector<Value> all{callee.value};
  llvm::append_range(all, operands);
  return LLVM::CallOp::create(code.builder, code.loc, type, all);
}

void Code::call(Ptr callee, ValueRange operands) {
  callAt(*this, LLVM::LLVMVoidType::get(builder.getContext()), callee,
         operands);
}

Int Code::callInt32(Ptr callee, ValueRange operands) {
  return {this,
          callAt(*this, builder.getI32Type(), callee, operands).getResult()};
}

} // namespace moelora::codegen
