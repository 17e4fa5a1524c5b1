// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a grid may cut of a call, as ShardingInterface describes it: five loops,
// and the axes of the grid that cut each of them.
#ifndef MOELORA_DIALECT_CALLLOOPS_H
#define MOELORA_DIALECT_CALLLOOPS_H

#include "mlir/Dialect/Shard/Interfaces/ShardingInterface.h"
#include "moelora/dialect/Ops.h"

namespace moelora {

/// In the order of the interface. The result is a sum over the experts, the
/// intermediate sizes of routed experts, and that of the shared expert. Hidden
/// sizes are never cut.
enum Loop : unsigned {
  TokenLoop,
  ExpertLoop,
  IntermediateLoop,
  SharedLoop,
  HiddenLoop,
  LoopCount
};

/// The loop of each dimension of a tensor. Dimensions without a loop, such as
/// the choices of a token, are never cut.
using TensorLoops = llvm::SmallVector<std::optional<Loop>, 4>;

/// The layer that is called.
LayerOp layerOf(CallOp call);

/// The role of an input of a call of this layer. A map of experts follows the
/// inputs that are arguments of the layer.
Role roleOf(LayerOp layer, size_t input);

/// The shardings with which operands and results are annotated, or null.
std::vector<mlir::shard::Sharding> knownShardings(CallOp call);

/// For each operand and then each result of the call. Values that are no
/// tensors have no dimensions.
llvm::SmallVector<TensorLoops> loopsOf(CallOp call, LayerOp layer);

/// The axes that the shardings give to each loop, of which the first of several
/// is taken. `shardings` has one for each operand and result, or null. Another
/// grid than `grid` is left out.
mlir::shard::ShardingArray
requestedAxes(llvm::ArrayRef<TensorLoops> loops,
              llvm::ArrayRef<mlir::shard::Sharding> shardings,
              mlir::FlatSymbolRefAttr grid);

/// Leaves each axis to one loop. Ranks that add up their parts have the same
/// tokens, so an axis of the experts or of the intermediate sizes does not cut
/// tokens. Only the shared expert is cut by axes of other loops: by those of
/// the experts and then those of the intermediate sizes, so that all parts have
/// an equal share of it. Its own axes are those of the intermediate sizes if
/// these have none.
void dropConflicts(mlir::shard::ShardingArray &axes);

/// What a call needs, given what some of its operands and results have. Empty
/// if no sharding is given.
mlir::shard::ShardingOption
optionOf(CallOp call, LayerOp layer,
         llvm::ArrayRef<mlir::shard::Sharding> shardings);

/// The sharding with these axes for each dimension.
mlir::shard::Sharding shardingWith(mlir::FlatSymbolRefAttr grid,
                                   mlir::shard::ShardingArrayRef axes);

/// The sharding that each operand and result needs; null for values that are no
/// tensors.
std::vector<mlir::shard::Sharding>
neededShardings(llvm::ArrayRef<TensorLoops> loops,
                const mlir::shard::ShardingOption &option);

/// Checks that the sharding is over the grid of the others, and without halos
/// and offsets, which make parts of different sizes.
mlir::LogicalResult verifyEven(CallOp call,
                               const mlir::shard::Sharding &sharding,
                               mlir::FlatSymbolRefAttr grid);

/// Adds `shard.shard` ops to all operands and results, so that they have the
/// shardings that the option needs.
mlir::LogicalResult annotate(CallOp call, LayerOp layer,
                             mlir::OpBuilder &builder,
                             const mlir::shard::ShardingOption &option);

/// Gives a part the operands that follow from the coordinates of its rank: the
/// map of its experts, and zeros instead of a bias that another part adds.
void passCoordinates(CallOp part, LayerOp layer, mlir::shard::GridOp grid,
                     const mlir::shard::ShardingOption &option);

/// Makes the call of one part, and the sum of all parts (docs/sharding.md).
/// `shardings` are those of the operands and of the result; `values` maps
/// operands to their parts.
mlir::LogicalResult partition(CallOp call, LayerOp layer,
                              llvm::ArrayRef<mlir::shard::Sharding> shardings,
                              mlir::IRMapping &values,
                              mlir::SymbolTableCollection &symbols,
                              mlir::OpBuilder &builder);

} // namespace moelora

#endif // MOELORA_DIALECT_CALLLOOPS_H
