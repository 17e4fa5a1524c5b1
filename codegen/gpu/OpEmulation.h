// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of a GPU kernel, one by one, as the host does them.
#ifndef MOELORA_CODEGEN_OPEMULATION_H
#define MOELORA_CODEGEN_OPEMULATION_H

#include "gpu/EmulatorCalls.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "moelora/emulator/Kernel.h"

/// The offset of a function in the emulator's table.
#define CALL(name) offsetof(moelora_emulator_calls, name)

namespace moelora::codegen {

class OpEmulation {
public:
  OpEmulation(EmulatorCalls &calls, mlir::MLIRContext *context)
      : calls(calls), i32(mlir::IntegerType::get(context, 32)),
        i64(mlir::IntegerType::get(context, 64)),
        f32(mlir::Float32Type::get(context)),
        pointer(mlir::LLVM::LLVMPointerType::get(context)),
        none(mlir::LLVM::LLVMVoidType::get(context)) {}

  /// Whether the emulator knows `op`, which is then replaced.
  bool rewrite(mlir::Operation *op);

private:
  // Memory.
  mlir::Value access(mlir::Operation *op, mlir::Value address, mlir::Type type,
                     uint64_t alignment, uint32_t kind);
  void load(mlir::LLVM::LoadOp op);
  void store(mlir::LLVM::StoreOp op);
  void atomic(mlir::LLVM::AtomicRMWOp op);
  void exchange(mlir::LLVM::AtomicCmpXchgOp op);
  void number(mlir::LLVM::PtrToIntOp op);
  bool addressOf(mlir::LLVM::AddressOfOp op);

  // Threads.
  bool special(mlir::Operation *op);
  void barrier(mlir::NVVM::BarrierOp op);
  void shuffle(mlir::NVVM::ShflOp op);
  void vote(mlir::NVVM::VoteSyncOp op);
  bool match(mlir::NVVM::MatchSyncOp op);
  bool reduce(mlir::NVVM::ReduxOp op);

  // Matrices and copies.
  bool loadMatrix(mlir::NVVM::LdMatrixOp op);
  bool multiply(mlir::NVVM::MmaOp op);
  void copy(mlir::NVVM::CpAsyncOp op);
  template <typename Op> void round(Op op);

  bool callOf(mlir::LLVM::CallOp op);
  bool intrinsic(mlir::LLVM::CallIntrinsicOp op);
  bool inlinePtx(mlir::LLVM::InlineAsmOp op);

  /// A call with the place of `op`, whose result takes the place of its own.
  void replace(mlir::Operation *op, size_t offset,
               llvm::ArrayRef<mlir::Value> arguments);
  mlir::Value constant(mlir::Operation *op, int64_t value) {
    mlir::OpBuilder builder(op);
    return Code(builder, op->getLoc()).i32(value).value;
  }
  /// A stack slot of the kernel that holds `values`, or as many of `type`.
  mlir::Value slot(mlir::Operation *op, mlir::ValueRange values);
  mlir::Value slot(mlir::Operation *op, mlir::Type type, int64_t count);
  /// What lies in a slot, as the struct that `op` returns.
  void unpack(mlir::Operation *op, mlir::Value slot, mlir::Type element,
              int64_t count);

  EmulatorCalls &calls;
  mlir::Type i32, i64, f32, pointer, none;
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_OPEMULATION_H
