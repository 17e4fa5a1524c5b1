// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The notation of `Code` for GPU kernels: the place of a thread, what the
// threads of a warp and of a block do together, matrices, and asynchronous
// copies. Numbers are i32 unless they are addresses. Pointers are of global
// memory (address space 1) or of shared memory (3).
#ifndef MOELORA_CODEGEN_KERNELCODE_H
#define MOELORA_CODEGEN_KERNELCODE_H

#include "Code.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include <array>

namespace moelora::codegen {

constexpr unsigned GlobalSpace = 1, SharedSpace = 3;
constexpr int64_t WarpLanes = 32;

/// A fragment of a matrix: 32-bit registers of a lane.
template <size_t N> using Registers = std::array<mlir::Value, N>;

class KernelCode : public Code {
public:
  using Code::Code;

  // The place of a thread.
  Int thread(); // in its block
  Int lane();
  Int warp() { return thread() / WarpLanes; }
  Int block();
  Int blocks();

  // Memory.
  Ptr shared(); // the first byte of the dynamic shared memory
  Ptr global(Int address);
  /// The same pointer, which may reach the next `bytes` bytes only.
  Ptr bounded(Ptr pointer, Int bytes);
  Int loadNumber(Ptr from); // an i32
  Int loadConstantNumber(Ptr from);
  mlir::Value loadFloat(Ptr from);
  mlir::VectorType vector(int64_t lanes); // of i32
  mlir::Value lane(mlir::Value vector, int64_t index);
  mlir::Value pack(llvm::ArrayRef<mlir::Value> lanes);
  /// Adds with relaxed order and returns the value before. `scope` is "" or
  /// "device".
  Int atomicAdd(Ptr to, Int value, llvm::StringRef scope);

  // Together.
  void barrier();
  void warpBarrier();
  /// What this thread wrote before is visible to the device before what it
  /// writes after.
  void fence();
  void blockFence(); // the same, for the block
  Int shuffleUp(Int value, int64_t distance);
  Int shuffleFrom(Int value, Int lane);
  mlir::Value shuffleFrom(mlir::Value value, Int lane);
  mlir::Value shuffleXor(mlir::Value value, int64_t lanes); // f32
  Int ballot(mlir::Value condition);
  Int matchAny(Int value);
  Int reduceMin(Int value); // unsigned
  Int reduceMax(Int value); // unsigned
  Int countOnes(Int value);
  Int lowestOne(Int value); // of a number that is not 0
  /// The sum of the values of lower lanes, and of all lanes.
  struct Scan {
    Int below, all;
  };
  Scan scan(Int value);

  // Matrices.
  /// ldmatrix.x4: every lane gives the address of a row of 16 bytes.
  Registers<4> loadMatrices(Ptr row);
  /// mma.m16n8k16 of bf16 or f16 with f32 accumulators: c + a b.
  Registers<4> multiply(mlir::Type element, Registers<4> a, Registers<2> b,
                        Registers<4> c);
  /// movmatrix: transposes an 8 x 8 matrix of 16-bit elements.
  mlir::Value transpose(mlir::Value matrix);
  /// Rounds to a 16-bit type, to nearest and ties to even. The first value is
  /// in the low half.
  mlir::Value roundPair(mlir::Type element, mlir::Value low, mlir::Value high);
  /// Rounds to bf16, f16 or f32 and stores.
  void storeRounded(mlir::Type element, mlir::Value value, Ptr to);
  /// Rounds to bf16, f16 or f32 and back to f32.
  mlir::Value rounded(mlir::Type element, mlir::Value value);
  /// Loads bf16, f16 or f32 as f32.
  mlir::Value loadWidened(mlir::Type element, Ptr from);

  // Copies from global to shared memory.
  /// 16 bytes, of which only `bytes` are read; the others become zero.
  void copyAsync(Ptr to, Ptr from, Int bytes);
  void copyAsync(Ptr to, Ptr from);
  void commit();
  void waitForAllBut(int64_t groups);

  // Arithmetic of f32.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value multiplyAdd(mlir::Value a, mlir::Value b, mlir::Value c);

  /// Repeats `next` while `again` holds, and returns the last values.
  Values repeat(mlir::ValueRange start,
                llvm::function_ref<mlir::Value(mlir::ValueRange)> again,
                llvm::function_ref<Values(mlir::ValueRange)> next);
  /// The same loop with its end in the middle: `first` returns whether to go on
  /// with `rest`, and values. ptxas does not unroll it.
  Values repeatFromMiddle(
      mlir::ValueRange start,
      llvm::function_ref<std::pair<mlir::Value, Values>(mlir::ValueRange)>
          first,
      llvm::function_ref<Values(mlir::ValueRange)> rest);
  /// Values of one of two arms.
  Values choose(mlir::Value condition, llvm::function_ref<Values()> body,
                llvm::function_ref<Values()> otherwise);

private:
  mlir::Value allLanes();
};

/// Names the operations that are created while it exists, for messages of the
/// emulator.
class Named {
public:
  Named(KernelCode &code, llvm::StringRef name);
  ~Named() { code.loc = before; }

private:
  KernelCode &code;
  mlir::Location before;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_KERNELCODE_H
