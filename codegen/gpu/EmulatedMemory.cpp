// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Access to memory, and what a pointer may reach.

#include "gpu/OpEmulation.h"

using namespace mlir;

namespace moelora::codegen {

static bool isShared(Value pointer) {
  constexpr unsigned sharedSpace = 3;
  return cast<LLVM::LLVMPointerType>(pointer.getType()).getAddressSpace() ==
         sharedSpace;
}

Value OpEmulation::access(Operation *op, Value address, Type type,
                          uint64_t alignment, uint32_t kind) {
  uint64_t bytes = DataLayout::closest(op).getTypeSize(type).getFixedValue();
  if (isShared(address))
    kind |= MOELORA_EMULATOR_SHARED;
  return calls.callAt(op, CALL(access), pointer,
                      {address, constant(op, int64_t(bytes)),
                       constant(op, int64_t(alignment ? alignment : bytes)),
                       constant(op, kind)});
}

void OpEmulation::load(LLVM::LoadOp op) {
  op.getAddrMutable().assign(access(op, op.getAddr(), op.getType(),
                                    op.getAlignment().value_or(0),
                                    MOELORA_EMULATOR_LOAD));
  op.setInvariant(false); // of a GPU's launch, not of the whole process
}

void OpEmulation::store(LLVM::StoreOp op) {
  op.getAddrMutable().assign(access(op, op.getAddr(), op.getValue().getType(),
                                    op.getAlignment().value_or(0),
                                    MOELORA_EMULATOR_STORE));
}

void OpEmulation::atomic(LLVM::AtomicRMWOp op) {
  op.getPtrMutable().assign(
      access(op, op.getPtr(), op.getType(), 0, MOELORA_EMULATOR_ATOMIC));
  op.setSyncscope(std::nullopt); // the host has one scope
}

void OpEmulation::exchange(LLVM::AtomicCmpXchgOp op) {
  op.getPtrMutable().assign(access(op, op.getPtr(), op.getVal().getType(), 0,
                                   MOELORA_EMULATOR_ATOMIC));
  op.setSyncscope(std::nullopt);
}

void OpEmulation::number(LLVM::PtrToIntOp op) {
  OpBuilder builder(op);
  Value result =
      calls.call(builder, op.getLoc(), CALL(number), i64, {op.getArg()});
  if (op.getType() != i64)
    result = LLVM::TruncOp::create(builder, op.getLoc(), op.getType(), result);
  op.replaceAllUsesWith(result);
  op.erase();
}

/// The dynamic shared memory of the block is the only global of a kernel.
bool OpEmulation::addressOf(LLVM::AddressOfOp op) {
  if (!isShared(op))
    return false;
  OpBuilder builder(op);
  op.replaceAllUsesWith(
      calls.call(builder, op.getLoc(), CALL(shared), pointer, {}));
  op.erase();
  return true;
}

} // namespace moelora::codegen
