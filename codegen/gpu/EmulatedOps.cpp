// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which operations the emulator knows, and their rewriting one after the other.

#include "gpu/EmulatedOps.h"
#include "gpu/OpEmulation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora::codegen {

void OpEmulation::replace(Operation *op, size_t offset,
                          ArrayRef<Value> arguments) {
  bool hasResult = op->getNumResults() == 1;
  Type type = hasResult ? op->getResult(0).getType() : none;
  Value result = calls.callAt(op, offset, type, arguments);
  if (hasResult)
    op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

Value OpEmulation::slot(Operation *op, Type type, int64_t count) {
  OpBuilder builder(op);
  builder.setInsertionPointToStart(
      &op->getParentOfType<LLVM::LLVMFuncOp>().getBody().front());
  Value number = arith::ConstantIntOp::create(builder, op->getLoc(), count, 32);
  return LLVM::AllocaOp::create(builder, op->getLoc(), pointer, type, number,
                                /*alignment=*/16);
}

Value OpEmulation::slot(Operation *op, ValueRange values) {
  Value result = slot(op, values[0].getType(), int64_t(values.size()));
  OpBuilder builder(op);
  Code code(builder, op->getLoc());
  for (auto [index, value] : llvm::enumerate(values))
    code.store(value, Ptr{&code, result} + 4 * int64_t(index));
  return result;
}

void OpEmulation::unpack(Operation *op, Value slot, Type element,
                         int64_t count) {
  OpBuilder builder(op);
  Code code(builder, op->getLoc());
  Type type = op->getResult(0).getType();
  if (count == 1 && !isa<LLVM::LLVMStructType>(type)) {
    op->getResult(0).replaceAllUsesWith(code.load(element, {&code, slot}));
    return op->erase();
  }
  Value all = LLVM::PoisonOp::create(builder, op->getLoc(), type);
  for (int64_t i = 0; i < count; ++i)
    all = LLVM::InsertValueOp::create(
        builder, op->getLoc(), all,
        code.load(element, Ptr{&code, slot} + 4 * i), i);
  op->getResult(0).replaceAllUsesWith(all);
  op->erase();
}

bool OpEmulation::callOf(LLVM::CallOp op) {
  if (!op.getCallee() || !op.getCallee()->starts_with(boundedFunction))
    return false;
  replace(op, CALL(bounded), llvm::to_vector(op.getArgOperands()));
  return true;
}

/// Functions of one f32 that the hardware approximates.
bool OpEmulation::intrinsic(LLVM::CallIntrinsicOp op) {
  auto function =
      llvm::StringSwitch<int64_t>(op.getIntrin())
          .Cases({"llvm.nvvm.ex2.approx.f", "llvm.nvvm.ex2.approx.ftz.f"},
                 MOELORA_EMULATOR_EX2)
          .Case("llvm.nvvm.lg2.approx.f", MOELORA_EMULATOR_LG2)
          .Case("llvm.nvvm.rcp.approx.ftz.f", MOELORA_EMULATOR_RCP)
          .Case("llvm.nvvm.sqrt.rn.f", MOELORA_EMULATOR_SQRT)
          .Case("llvm.nvvm.rsqrt.approx.f", MOELORA_EMULATOR_RSQRT)
          .Case("llvm.nvvm.sin.approx.f", MOELORA_EMULATOR_SIN)
          .Case("llvm.nvvm.cos.approx.f", MOELORA_EMULATOR_COS)
          .Default(-1);
  if (function < 0)
    return false;
  OpBuilder builder(op);
  op.getResult(0).replaceAllUsesWith(
      calls.call(builder, op.getLoc(), CALL(math), f32,
                 {constant(op, function), op.getArgs()[0]}));
  op.erase();
  return true;
}

/// MLIR has no operation for these.
bool OpEmulation::inlinePtx(LLVM::InlineAsmOp op) {
  if (!op.getAsmString().starts_with("movmatrix.sync.aligned.m8n8.trans.b16"))
    return false;
  replace(op, CALL(move_matrix), {op.getOperand(0)});
  return true;
}

bool OpEmulation::rewrite(Operation *op) {
  if (special(op))
    return true;
  auto always = [](auto &&) { return true; };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](LLVM::LoadOp op) { return load(op), true; })
      .Case([&](LLVM::StoreOp op) { return store(op), true; })
      .Case([&](LLVM::AtomicRMWOp op) { return atomic(op), true; })
      .Case([&](LLVM::AtomicCmpXchgOp op) { return exchange(op), true; })
      .Case([&](LLVM::PtrToIntOp op) { return number(op), true; })
      .Case([&](LLVM::AddressOfOp op) { return addressOf(op); })
      .Case([&](NVVM::Barrier0Op op) {
        return replace(op, CALL(barrier), {constant(op, 0), constant(op, 0)}),
               true;
      })
      .Case([&](NVVM::BarrierOp op) { return barrier(op), true; })
      .Case([&](NVVM::SyncWarpOp op) {
        return replace(op, CALL(warp_barrier), {op.getMask()}), true;
      })
      .Case([&](NVVM::MembarOp op) {
        static const uint32_t scopes[] = {
            MOELORA_EMULATOR_SCOPE_BLOCK, MOELORA_EMULATOR_SCOPE_DEVICE,
            MOELORA_EMULATOR_SCOPE_DEVICE, MOELORA_EMULATOR_SCOPE_SYSTEM};
        return replace(op, CALL(fence),
                       {constant(op, scopes[size_t(op.getScope())])}),
               true;
      })
      .Case([&](NVVM::ShflOp op) { return shuffle(op), true; })
      .Case([&](NVVM::VoteSyncOp op) { return vote(op), true; })
      .Case([&](NVVM::MatchSyncOp op) { return match(op); })
      .Case([&](NVVM::ReduxOp op) { return reduce(op); })
      .Case([&](NVVM::LdMatrixOp op) { return loadMatrix(op); })
      .Case([&](NVVM::MmaOp op) { return multiply(op); })
      .Case([&](NVVM::CpAsyncOp op) { return copy(op), true; })
      .Case([&](NVVM::CpAsyncCommitGroupOp op) {
        return replace(op, CALL(copy_commit), {}), true;
      })
      .Case([&](NVVM::CpAsyncWaitGroupOp op) {
        return replace(op, CALL(copy_wait), {constant(op, op.getN())}), true;
      })
      .Case([&](NVVM::ConvertF32x2ToBF16x2Op op) { return round(op), true; })
      .Case([&](NVVM::ConvertF32x2ToF16x2Op op) { return round(op), true; })
      .Case([&](LLVM::CallOp op) { return callOf(op); })
      .Case([&](LLVM::CallIntrinsicOp op) { return intrinsic(op); })
      .Case([&](LLVM::InlineAsmOp op) { return inlinePtx(op); })
      // These are the same on a host.
      .Case<LLVM::GEPOp, LLVM::IntToPtrOp, LLVM::AddrSpaceCastOp>(always)
      // So are all others that touch no memory, which would not be checked.
      .Default([](Operation *op) {
        return isa<LLVM::LLVMDialect>(op->getDialect()) &&
               (isMemoryEffectFree(op) ||
                op->hasTrait<OpTrait::IsTerminator>());
      });
}

/// Pointers of one address space, the host's.
static void useHostPointers(LLVM::LLVMFuncOp kernel, Type pointer) {
  auto convert = [&](Value value) {
    if (isa<LLVM::LLVMPointerType>(value.getType()))
      value.setType(pointer);
  };
  kernel.walk(
      [&](Block *block) { llvm::for_each(block->getArguments(), convert); });
  kernel.walk(
      [&](Operation *op) { llvm::for_each(op->getResults(), convert); });
  kernel.walk([&](LLVM::AddrSpaceCastOp op) {
    op.replaceAllUsesWith(op.getArg());
    op.erase();
  });
}

LogicalResult emulateOps(LLVM::LLVMFuncOp kernel, EmulatorCalls &calls) {
  OpEmulation emulation(calls, kernel.getContext());
  SmallVector<Operation *> all;
  for (Block &block : llvm::drop_begin(kernel.getBody()))
    for (Operation &op : block)
      all.push_back(&op);
  // Backwards, so that addresses still have their address space.
  for (Operation *op : llvm::reverse(all))
    if (!emulation.rewrite(op))
      return op->emitOpError("expects an operation that the emulator knows");
  useHostPointers(kernel, LLVM::LLVMPointerType::get(kernel.getContext()));
  return success();
}

} // namespace moelora::codegen
