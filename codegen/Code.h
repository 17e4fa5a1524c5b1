// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A notation for generated code. `Int` is an integer and `Ptr` a byte address
// in the generated program. Constants are folded. The numbers of an operation
// have one width: i64 on a host, mostly i32 on a GPU. A kernel looks like its
// pseudo-code:
//
//   code.loop(0, rows, 1, [&](Int row) {
//     Vec x = code.load(type, source + row * rowBytes);
//     code.store(x, panel + row * stepBytes);
//   });
#ifndef MOELORA_CODEGEN_CODE_H
#define MOELORA_CODEGEN_CODE_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace moelora::codegen {

class Code;

struct Int {
  Code *code;
  mlir::Value value;
};
Int operator+(Int a, Int b);
Int operator-(Int a, Int b);
Int operator*(Int a, Int b);
Int operator/(Int a, Int b); // of numbers that are not negative
Int operator%(Int a, Int b);
Int operator+(Int a, int64_t b);
Int operator-(Int a, int64_t b);
Int operator*(Int a, int64_t b);
Int operator/(Int a, int64_t b);
Int operator%(Int a, int64_t b);
Int operator&(Int a, Int b);
Int operator&(Int a, int64_t b);
Int operator|(Int a, Int b);
Int operator^(Int a, Int b);
Int operator^(Int a, int64_t b);
Int operator<<(Int a, Int bits);
Int operator>>(Int a, Int bits); // of numbers that are not negative
Int operator<<(Int a, int64_t bits);
Int operator>>(Int a, int64_t bits);

struct Ptr {
  Code *code;
  mlir::Value value;
};
Ptr operator+(Ptr base, Int bytes);
Ptr operator+(Ptr base, int64_t bytes);

class Code {
public:
  Code(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  using Values = llvm::SmallVector<mlir::Value>;
  using Body = llvm::function_ref<void(Int)>;
  using Reduce = llvm::function_ref<Values(Int, mlir::ValueRange)>;

  Int i64(int64_t value);
  Int i32(int64_t value);
  /// A constant of the same width.
  Int like(Int a, int64_t value);
  mlir::Value bit(bool value);
  /// A scalar or splat f32 constant.
  mlir::Value f32(mlir::Type type, double value);
  mlir::Value zero(mlir::Type type);
  Ptr null();
  Ptr address(mlir::LLVM::LLVMFuncOp function);
  Ptr address(mlir::LLVM::GlobalOp global);
  /// A stack slot, made once per call of the function.
  Ptr slot(int64_t bytes);

  // Alignment 0 means that of the element type.
  mlir::Value load(mlir::Type type, Ptr from, unsigned alignment = 0);
  void store(mlir::Value value, Ptr to, unsigned alignment = 0);
  /// Loads from memory that nothing writes while the code runs.
  mlir::Value loadConstant(mlir::Type type, Ptr from, unsigned alignment = 0);
  /// Loads the first `count` lanes of a vector. The other lanes are zero.
  mlir::Value loadFirst(mlir::VectorType type, int64_t count, Ptr from);
  void storeFirst(mlir::Value value, int64_t count, Ptr to);
  mlir::Value first(mlir::Value value, int64_t count);
  Int loadInt(Ptr from);
  Int loadInt32(Ptr from); // sign-extended
  Int loadUnsigned(Ptr from, unsigned bits);
  Ptr loadPtr(Ptr from);
  void store(Int value, Ptr to) { store(value.value, to); }
  void store(Ptr value, Ptr to) { store(value.value, to); }
  void prefetch(Ptr line);
  void clear(Ptr to, Int bytes);

  // Control.
  void loop(Int begin, Int end, int64_t step, Body body);
  Values loop(Int begin, Int end, int64_t step, mlir::ValueRange carried,
              Reduce body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  void when(mlir::Value condition, llvm::function_ref<void()> body,
            llvm::function_ref<void()> otherwise);
  /// Repeats `next` while `again` holds, and returns the last value.
  Int iterate(Int start, llvm::function_ref<mlir::Value(Int)> again,
              llvm::function_ref<Int(Int)> next);

  mlir::Value less(Int a, Int b);
  mlir::Value below(Int a, Int b); // unsigned
  mlir::Value equal(Int a, Int b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value isNull(Ptr address);
  mlir::Value equal32(mlir::Value a, int64_t b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  Int select(mlir::Value condition, Int a, Int b);
  Ptr select(mlir::Value condition, Ptr a, Ptr b);
  Int least(Int a, Int b) { return select(less(a, b), a, b); }
  Int most(Int a, Int b) { return select(less(a, b), b, a); }
  Ptr toPtr(Int address);
  Int toI32(Int value);
  Int toI64(Int value); // of a number that is not negative

  // Vectors.
  mlir::Value splat(mlir::Value scalar, mlir::VectorType type);
  mlir::Value shuffle(mlir::Value a, mlir::Value b,
                      llvm::ArrayRef<int64_t> lanes);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// The same bits as a vector of another element type.
  mlir::Value bitcast(mlir::Value vector, mlir::Type element);
  /// A splat i32 constant with the lanes of another vector.
  mlir::Value integers(mlir::Type like, uint32_t value);
  /// Rounds f32 to bf16, to nearest and ties to even, and returns the bits as
  /// i16. It computes with integers, so that all CPUs round in the same way and
  /// no library is called.
  mlir::Value roundToBF16(mlir::Value floats);

  void call(mlir::LLVM::LLVMFuncOp callee, mlir::ValueRange operands);
  void call(Ptr callee, mlir::ValueRange operands);
  /// Calls a function that returns an i32.
  Int callInt32(Ptr callee, mlir::ValueRange operands);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_CODE_H
