// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Special registers, and what threads of a block do together.

#include "gpu/OpEmulation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora::codegen {

bool OpEmulation::special(Operation *op) {
  auto which =
      llvm::TypeSwitch<Operation *, int32_t>(op)
          .Case<NVVM::ThreadIdXOp>([](auto) { return MOELORA_EMULATOR_TID_X; })
          .Case<NVVM::ThreadIdYOp>([](auto) { return MOELORA_EMULATOR_TID_Y; })
          .Case<NVVM::ThreadIdZOp>([](auto) { return MOELORA_EMULATOR_TID_Z; })
          .Case<NVVM::BlockDimXOp>([](auto) { return MOELORA_EMULATOR_NTID_X; })
          .Case<NVVM::BlockDimYOp>([](auto) { return MOELORA_EMULATOR_NTID_Y; })
          .Case<NVVM::BlockDimZOp>([](auto) { return MOELORA_EMULATOR_NTID_Z; })
          .Case<NVVM::BlockIdXOp>([](auto) { return MOELORA_EMULATOR_CTAID_X; })
          .Case<NVVM::BlockIdYOp>([](auto) { return MOELORA_EMULATOR_CTAID_Y; })
          .Case<NVVM::BlockIdZOp>([](auto) { return MOELORA_EMULATOR_CTAID_Z; })
          .Case<NVVM::GridDimXOp>(
              [](auto) { return MOELORA_EMULATOR_NCTAID_X; })
          .Case<NVVM::GridDimYOp>(
              [](auto) { return MOELORA_EMULATOR_NCTAID_Y; })
          .Case<NVVM::GridDimZOp>(
              [](auto) { return MOELORA_EMULATOR_NCTAID_Z; })
          .Case<NVVM::LaneIdOp>([](auto) { return MOELORA_EMULATOR_LANEID; })
          .Default([](Operation *) { return -1; });
  if (which < 0)
    return false;
  OpBuilder builder(op);
  op->getResult(0).replaceAllUsesWith(calls.call(
      builder, op->getLoc(), CALL(special), i32, {constant(op, which)}));
  op->erase();
  return true;
}

void OpEmulation::barrier(NVVM::BarrierOp op) {
  Value id = op.getBarrierId() ? op.getBarrierId() : constant(op, 0);
  Value threads =
      op.getNumberOfThreads() ? op.getNumberOfThreads() : constant(op, 0);
  if (!op.getReductionOp())
    return replace(op, CALL(barrier), {id, threads});
  static const uint32_t kinds[] = {MOELORA_EMULATOR_REDUCE_COUNT,
                                   MOELORA_EMULATOR_REDUCE_AND,
                                   MOELORA_EMULATOR_REDUCE_OR};
  Value kind = constant(op, kinds[size_t(*op.getReductionOp())]);
  replace(op, CALL(barrier_reduce),
          {id, threads, kind, op.getReductionPredicate()});
}

/// Values travel as 32 bits; the struct form has a predicate beside.
void OpEmulation::shuffle(NVVM::ShflOp op) {
  static const uint32_t kinds[] = {
      MOELORA_EMULATOR_SHUFFLE_BUTTERFLY, MOELORA_EMULATOR_SHUFFLE_UP,
      MOELORA_EMULATOR_SHUFFLE_DOWN, MOELORA_EMULATOR_SHUFFLE_INDEX};
  OpBuilder builder(op);
  Location loc = op.getLoc();
  bool isFloat = op.getVal().getType() == f32;
  Value sent = op.getVal();
  if (isFloat)
    sent = LLVM::BitcastOp::create(builder, loc, i32, sent);
  Value inside = slot(op, i32, 1);
  Value got = calls.callAt(op, CALL(shuffle), i32,
                           {constant(op, kinds[size_t(op.getKind())]),
                            op.getThreadMask(), sent, op.getOffset(),
                            op.getMaskAndClamp(), inside});
  if (isFloat)
    got = LLVM::BitcastOp::create(builder, loc, f32, got);
  Value result = got;
  if (op.getReturnValueAndIsValid()) {
    Code code(builder, loc);
    Value valid = LLVM::TruncOp::create(builder, loc, builder.getI1Type(),
                                        code.load(i32, {&code, inside}));
    Value all = LLVM::PoisonOp::create(builder, loc, op.getType());
    all = LLVM::InsertValueOp::create(builder, loc, all, got, int64_t(0));
    result = LLVM::InsertValueOp::create(builder, loc, all, valid, int64_t(1));
  }
  op.replaceAllUsesWith(result);
  op.erase();
}

void OpEmulation::vote(NVVM::VoteSyncOp op) {
  static const uint32_t kinds[] = {
      MOELORA_EMULATOR_VOTE_ANY, MOELORA_EMULATOR_VOTE_ALL,
      MOELORA_EMULATOR_VOTE_BALLOT, MOELORA_EMULATOR_VOTE_UNIFORM};
  OpBuilder builder(op);
  Value value = LLVM::ZExtOp::create(builder, op.getLoc(), i32, op.getPred());
  Value result = calls.callAt(
      op, CALL(vote), i32,
      {constant(op, kinds[size_t(op.getKind())]), op.getMask(), value});
  if (op.getType() != i32)
    result = LLVM::TruncOp::create(builder, op.getLoc(), op.getType(), result);
  op.replaceAllUsesWith(result);
  op.erase();
}

bool OpEmulation::match(NVVM::MatchSyncOp op) {
  if (op.getKind() != NVVM::MatchSyncKind::any)
    return false;
  Value value = op.getVal();
  unsigned bits = value.getType().getIntOrFloatBitWidth();
  OpBuilder builder(op);
  if (bits < 64)
    value = LLVM::ZExtOp::create(builder, op.getLoc(), i64, value);
  replace(op, CALL(match), {op.getThreadMask(), value, constant(op, bits)});
  return true;
}

bool OpEmulation::reduce(NVVM::ReduxOp op) {
  auto kind = [&]() -> int64_t {
    switch (op.getKind()) {
    case NVVM::ReduxKind::ADD:
      return MOELORA_EMULATOR_REDUCE_ADD;
    case NVVM::ReduxKind::AND:
      return MOELORA_EMULATOR_REDUCE_AND;
    case NVVM::ReduxKind::OR:
      return MOELORA_EMULATOR_REDUCE_OR;
    case NVVM::ReduxKind::XOR:
      return MOELORA_EMULATOR_REDUCE_XOR;
    case NVVM::ReduxKind::MIN:
      return MOELORA_EMULATOR_REDUCE_MIN_SIGNED;
    case NVVM::ReduxKind::MAX:
      return MOELORA_EMULATOR_REDUCE_MAX_SIGNED;
    case NVVM::ReduxKind::UMIN:
      return MOELORA_EMULATOR_REDUCE_MIN_UNSIGNED;
    case NVVM::ReduxKind::UMAX:
      return MOELORA_EMULATOR_REDUCE_MAX_UNSIGNED;
    default:
      return -1;
    }
  }();
  if (kind < 0)
    return false;
  replace(op, CALL(reduce),
          {constant(op, kind), op.getMaskAndClamp(), op.getVal()});
  return true;
}

} // namespace moelora::codegen
