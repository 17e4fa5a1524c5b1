// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads, memory and control.

#include "gpu/KernelCode.h"
#include "gpu/EmulatedOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moelora::codegen {

Named::Named(KernelCode &code, StringRef name) : code(code), before(code.loc) {
  code.loc = NameLoc::get(code.builder.getStringAttr(name), before);
}

template <typename Op> static Int special(KernelCode &code) {
  return {&code, Op::create(code.builder, code.loc, code.builder.getI32Type())};
}

Int KernelCode::thread() { return special<NVVM::ThreadIdXOp>(*this); }
Int KernelCode::lane() { return special<NVVM::LaneIdOp>(*this); }
Int KernelCode::block() { return special<NVVM::BlockIdXOp>(*this); }
Int KernelCode::blocks() { return special<NVVM::GridDimXOp>(*this); }

Ptr KernelCode::shared() {
  Type type = LLVM::LLVMPointerType::get(builder.getContext(), SharedSpace);
  return {this, LLVM::AddressOfOp::create(builder, loc, type, "shared")};
}

Ptr KernelCode::global(Int address) {
  Type type = LLVM::LLVMPointerType::get(builder.getContext(), GlobalSpace);
  return {this, LLVM::IntToPtrOp::create(builder, loc, type, address.value)};
}

Ptr KernelCode::bounded(Ptr pointer, Int bytes) {
  Type type = pointer.value.getType();
  unsigned space = cast<LLVM::LLVMPointerType>(type).getAddressSpace();
  std::string name = (boundedFunction + Twine(space)).str();
  return {this, LLVM::CallOp::create(builder, loc, type, name,
                                     ValueRange{pointer.value, bytes.value})
                    .getResult()};
}

Int KernelCode::loadNumber(Ptr from) {
  return {this, load(builder.getI32Type(), from)};
}
Int KernelCode::loadConstantNumber(Ptr from) {
  return {this, loadConstant(builder.getI32Type(), from)};
}
Value KernelCode::loadFloat(Ptr from) {
  return load(builder.getF32Type(), from);
}

VectorType KernelCode::vector(int64_t lanes) {
  return VectorType::get(lanes, builder.getI32Type());
}

Value KernelCode::lane(Value vector, int64_t index) {
  return LLVM::ExtractElementOp::create(builder, loc, vector, i32(index).value);
}

Value KernelCode::pack(ArrayRef<Value> lanes) {
  auto type = VectorType::get(int64_t(lanes.size()), lanes[0].getType());
  Value all = LLVM::PoisonOp::create(builder, loc, type);
  for (auto [index, value] : llvm::enumerate(lanes))
    all = LLVM::InsertElementOp::create(builder, loc, all, value,
                                        i32(int64_t(index)).value);
  return all;
}

Int KernelCode::atomicAdd(Ptr to, Int value, StringRef scope) {
  return {this, LLVM::AtomicRMWOp::create(
                    builder, loc, LLVM::AtomicBinOp::add, to.value, value.value,
                    LLVM::AtomicOrdering::monotonic, scope)};
}

Value KernelCode::allLanes() { return i32(-1).value; }

void KernelCode::barrier() { NVVM::Barrier0Op::create(builder, loc); }
void KernelCode::warpBarrier() {
  NVVM::SyncWarpOp::create(builder, loc, allLanes());
}
void KernelCode::fence() {
  NVVM::MembarOp::create(builder, loc, NVVM::MemScopeKind::GPU);
}
void KernelCode::blockFence() {
  NVVM::MembarOp::create(builder, loc, NVVM::MemScopeKind::CTA);
}

static Value exchange(KernelCode &code, NVVM::ShflKind kind, Value mask,
                      Value value, Value offset, int64_t clamp) {
  return NVVM::ShflOp::create(code.builder, code.loc, value.getType(), mask,
                              value, offset, code.i32(clamp).value, kind,
                              UnitAttr());
}

Int KernelCode::shuffleUp(Int value, int64_t distance) {
  return {this, exchange(*this, NVVM::ShflKind::up, allLanes(), value.value,
                         i32(distance).value, 0)};
}
Int KernelCode::shuffleFrom(Int value, Int lane) {
  return {this, shuffleFrom(value.value, lane)};
}
Value KernelCode::shuffleFrom(Value value, Int lane) {
  return exchange(*this, NVVM::ShflKind::idx, allLanes(), value, lane.value,
                  WarpLanes - 1);
}
Value KernelCode::shuffleXor(Value value, int64_t lanes) {
  return exchange(*this, NVVM::ShflKind::bfly, allLanes(), value,
                  i32(lanes).value, WarpLanes - 1);
}

Int KernelCode::ballot(Value condition) {
  return {this, NVVM::VoteSyncOp::create(builder, loc, builder.getI32Type(),
                                         allLanes(), condition,
                                         NVVM::VoteSyncKind::ballot)};
}
Int KernelCode::matchAny(Int value) {
  return {this, NVVM::MatchSyncOp::create(builder, loc, builder.getI32Type(),
                                          allLanes(), value.value,
                                          NVVM::MatchSyncKind::any)};
}
static Int reduce(KernelCode &code, NVVM::ReduxKind kind, Int value) {
  Value all = code.i32(-1).value;
  return {&code, NVVM::ReduxOp::create(code.builder, code.loc,
                                       code.builder.getI32Type(), value.value,
                                       kind, all)};
}

Int KernelCode::reduceMin(Int value) {
  return reduce(*this, NVVM::ReduxKind::UMIN, value);
}
Int KernelCode::reduceMax(Int value) {
  return reduce(*this, NVVM::ReduxKind::UMAX, value);
}
Int KernelCode::countOnes(Int value) {
  return {this, LLVM::CtPopOp::create(builder, loc, value.value)};
}
Int KernelCode::lowestOne(Int value) {
  return {this, LLVM::CountTrailingZerosOp::create(
                    builder, loc, value.value.getType(), value.value,
                    /*is_zero_poison=*/true)};
}

KernelCode::Scan KernelCode::scan(Int value) {
  Int own = lane(), sum = value;
  for (int64_t distance = 1; distance < WarpLanes; distance *= 2) {
    Int lower = shuffleUp(sum, distance);
    sum = select(below(own, i32(distance)), sum, sum + lower);
  }
  Int all{this, shuffleFrom(sum.value, i32(WarpLanes - 1))};
  return {sum - value, all};
}

Value KernelCode::add(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}
Value KernelCode::mul(Value a, Value b) {
  return arith::MulFOp::create(builder, loc, a, b);
}
Value KernelCode::multiplyAdd(Value a, Value b, Value c) {
  return LLVM::FMAOp::create(builder, loc, a, b, c);
}

Code::Values KernelCode::repeat(ValueRange start,
                                llvm::function_ref<Value(ValueRange)> again,
                                llvm::function_ref<Values(ValueRange)> next) {
  auto op = scf::WhileOp::create(
      builder, loc, start.getTypes(), start,
      [&](OpBuilder &, Location, ValueRange state) {
        scf::ConditionOp::create(builder, loc, again(state), state);
      },
      [&](OpBuilder &, Location, ValueRange state) {
        scf::YieldOp::create(builder, loc, next(state));
      });
  return Values(op.getResults());
}

Code::Values KernelCode::repeatFromMiddle(
    ValueRange start,
    llvm::function_ref<std::pair<Value, Values>(ValueRange)> first,
    llvm::function_ref<Values(ValueRange)> rest) {
  auto op = scf::WhileOp::create(
      builder, loc, start.getTypes(), start,
      [&](OpBuilder &, Location, ValueRange state) {
        auto [again, values] = first(state);
        scf::ConditionOp::create(builder, loc, again, values);
      },
      [&](OpBuilder &, Location, ValueRange state) {
        scf::YieldOp::create(builder, loc, rest(state));
      });
  MLIRContext *context = builder.getContext();
  auto unroll = LLVM::LoopUnrollAttr::get(context, builder.getBoolAttr(true),
                                          {}, {}, {}, {}, {}, {});
  auto annotation = LLVM::LoopAnnotationAttr::get(
      context, {}, {}, {}, unroll, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
  op->setAttr("llvm.loop_annotation", annotation);
  return Values(op.getResults());
}

Code::Values KernelCode::choose(Value condition,
                                llvm::function_ref<Values()> body,
                                llvm::function_ref<Values()> otherwise) {
  auto op = scf::IfOp::create(
      builder, loc, condition,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(builder, loc, body());
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(builder, loc, otherwise());
      });
  return Values(op.getResults());
}

} // namespace moelora::codegen
