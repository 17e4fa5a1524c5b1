// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shard.shard ops around a call. Where tokens are gathered for it, operands
// and result have two shardings: the one outside and the one that the call
// needs.

#include "CallLoops.h"

using namespace mlir;
using namespace mlir::shard;

namespace moelora {
namespace {

ShardingArray axesOf(const Sharding &sharding, size_t rank) {
  ShardingArray axes(rank);
  for (auto [to, from] : llvm::zip(axes, sharding.getSplitAxes()))
    to = llvm::to_vector(from.asArrayRef());
  return axes;
}

/// The shardings from one to another, of which each differs from the one before
/// by one axis at the end of a dimension. `shard-partition` does not find a way
/// between shardings that differ by more.
std::vector<Sharding> stepsBetween(const Sharding &from, const Sharding &to,
                                   size_t rank) {
  ShardingArray axes = axesOf(from, rank), goal = axesOf(to, rank);
  std::vector<Sharding> steps;
  auto record = [&] { steps.push_back(shardingWith(to.getGridAttr(), axes)); };
  for (auto [now, wanted] : llvm::zip_equal(axes, goal))
    while (ArrayRef<GridAxis>(wanted).take_front(now.size()) !=
           ArrayRef<GridAxis>(now)) {
      now.pop_back();
      record();
    }
  for (auto [now, wanted] : llvm::zip_equal(axes, goal))
    while (now.size() < wanted.size()) {
      now.push_back(wanted[now.size()]);
      record();
    }
  return steps;
}

ShardOp addShard(OpBuilder &builder, Value value, const Sharding &sharding,
                 bool forUsers) {
  auto made = ShardingOp::create(builder, value.getLoc(), sharding);
  return ShardOp::create(builder, value.getLoc(), value, made, forUsers);
}

/// From a value with one sharding to another; the last op is for users.
Value addSteps(OpBuilder &builder, Value value, const Sharding &from,
               const Sharding &to) {
  size_t rank = size_t(cast<RankedTensorType>(value.getType()).getRank());
  std::vector<Sharding> steps = stepsBetween(from, to, rank);
  if (steps.empty())
    steps.push_back(to);
  for (auto [index, step] : llvm::enumerate(steps))
    value = addShard(builder, value, step, index + 1 == steps.size());
  return value;
}

/// `outside` is the sharding of an operand that has none yet.
void annotateOperand(OpBuilder &builder, OpOperand &operand,
                     const Sharding &outside, const Sharding &needed) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(operand.getOwner());
  Value old = operand.get(), value = old;
  auto known = old.getDefiningOp<ShardOp>();
  Sharding from = known ? Sharding(known.getSharding()) : outside;
  if (known && known.getAnnotateForUsers() && from == needed)
    return;
  if (!known && from != needed)
    value = addShard(builder, value, from, /*forUsers=*/false);
  value = addSteps(builder, value, from, needed);
  // The same value may be another operand, too, and has one user then.
  operand.getOwner()->replaceUsesOfWith(old, value);
}

/// A user of the result, which has the sharding `from`.
void annotateUse(OpBuilder &builder, OpOperand &use, const Sharding &from,
                 const Sharding &outside) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(use.getOwner());
  size_t rank = size_t(cast<RankedTensorType>(use.get().getType()).getRank());
  auto known = dyn_cast<ShardOp>(use.getOwner());
  std::vector<Sharding> steps =
      stepsBetween(from, known ? Sharding(known.getSharding()) : outside, rank);
  if (known && !steps.empty())
    steps.pop_back(); // which is `known`
  for (const Sharding &step : steps)
    use.set(addShard(builder, use.get(), step, /*forUsers=*/false));
  // No other op annotates the operands of a terminator.
  if (use.getOwner()->hasTrait<OpTrait::IsTerminator>())
    use.set(addShard(builder, use.get(), outside, /*forUsers=*/true));
}

void annotateResult(OpBuilder &builder, OpResult result,
                    const Sharding &outside, const Sharding &needed) {
  if (result.hasOneUse())
    if (auto known = dyn_cast<ShardOp>(*result.user_begin());
        known && !known.getAnnotateForUsers() &&
        Sharding(known.getSharding()) == needed)
      return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(result.getOwner());
  ShardOp made = addShard(builder, result, needed, /*forUsers=*/false);
  result.replaceAllUsesExcept(made.getResult(), made);
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : made.getResult().getUses())
    uses.push_back(&use);
  for (OpOperand *use : uses)
    annotateUse(builder, *use, needed, outside);
}

/// The option with the axes by which tokens are cut outside of the call.
ShardingOption outsideOf(const ShardingOption &option,
                         ArrayRef<TensorLoops> loops,
                         ArrayRef<Sharding> known) {
  ShardingOption outside = option;
  outside.shardingArray[TokenLoop] =
      requestedAxes(loops, known, option.grid)[TokenLoop];
  ShardingArray reduced = outside.shardingArray;
  dropConflicts(reduced);
  return reduced == option.shardingArray ? outside : option;
}

} // namespace

LogicalResult annotate(CallOp call, LayerOp layer, OpBuilder &builder,
                       const ShardingOption &option) {
  std::vector<Sharding> known = knownShardings(call);
  for (const Sharding &sharding : known)
    if (sharding && failed(verifyEven(call, sharding, option.grid)))
      return failure();
  SmallVector<TensorLoops> loops = loopsOf(call, layer);
  std::vector<Sharding> needed = neededShardings(loops, option),
                        outside = neededShardings(
                            loops, outsideOf(option, loops, known));
  for (OpOperand &operand : call->getOpOperands())
    if (size_t index = operand.getOperandNumber(); needed[index])
      annotateOperand(builder, operand, outside[index], needed[index]);
  for (OpResult result : call->getResults())
    annotateResult(builder, result, outside.back(), needed.back());
  return success();
}

} // namespace moelora
