// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops of a call, and the shardings that follow from the axes of each.

#include "CallLoops.h"
#include "RoleForms.h"

using namespace mlir;
using namespace mlir::shard;

namespace moelora {

LayerOp layerOf(CallOp call) {
  return SymbolTable::lookupNearestSymbolFrom<LayerOp>(call,
                                                       call.getCalleeAttr());
}

Role roleOf(LayerOp layer, size_t input) {
  return input < layer.getNumArguments() ? layer.getRole(unsigned(input))
                                         : Role::ExpertMap;
}

std::vector<Sharding> knownShardings(CallOp call) {
  std::vector<Sharding> shardings;
  auto add = [&](FailureOr<std::pair<bool, Sharding>> known) {
    shardings.push_back(succeeded(known) ? known->second : Sharding());
  };
  for (OpOperand &operand : call->getOpOperands())
    add(getSharding(operand));
  for (OpResult result : call->getResults())
    add(getSharding(result));
  return shardings;
}

static std::optional<Loop> loopOf(Role role, unsigned dimension) {
  switch (formOf(role).sizes[dimension]) {
  case Tokens:
    return TokenLoop;
  case Weighted:
    return ExpertLoop;
  case Intermediate:
    return IntermediateLoop;
  case Shared:
    return SharedLoop;
  case Hidden:
  case Width:
    return HiddenLoop;
  default:
    return std::nullopt;
  }
}

static TensorLoops loopsOf(Role role) {
  TensorLoops loops;
  for (int dimension = 0; dimension < formOf(role).rank; ++dimension)
    loops.push_back(loopOf(role, unsigned(dimension)));
  return loops;
}

SmallVector<TensorLoops> loopsOf(CallOp call, LayerOp layer) {
  SmallVector<TensorLoops> loops(call->getNumOperands() +
                                 call->getNumResults());
  for (auto [index, input] : llvm::enumerate(call.getInputs()))
    if (isa<RankedTensorType>(input.getType()))
      loops[index] = loopsOf(roleOf(layer, index));
  if (call.getResult())
    loops.back() = loopsOf(Role::Hidden);
  return loops;
}

ShardingArray requestedAxes(ArrayRef<TensorLoops> loops,
                            ArrayRef<Sharding> shardings,
                            FlatSymbolRefAttr grid) {
  ShardingArray axes(LoopCount);
  for (auto [tensor, sharding] : llvm::zip_equal(loops, shardings)) {
    if (!sharding || sharding.getGridAttr() != grid)
      continue;
    for (auto [loop, split] : llvm::zip(tensor, sharding.getSplitAxes()))
      if (loop && axes[*loop].empty())
        axes[*loop] = llvm::to_vector(split.asArrayRef());
  }
  return axes;
}

void dropConflicts(ShardingArray &axes) {
  auto drop = [&](Loop from, Loop owner) {
    llvm::erase_if(axes[from], [&](GridAxis axis) {
      return llvm::is_contained(axes[owner], axis);
    });
  };
  axes[HiddenLoop].clear();
  if (axes[IntermediateLoop].empty())
    axes[IntermediateLoop] = axes[SharedLoop];
  drop(IntermediateLoop, ExpertLoop);
  drop(TokenLoop, ExpertLoop);
  drop(TokenLoop, IntermediateLoop);
  axes[SharedLoop] = axes[ExpertLoop];
  llvm::append_range(axes[SharedLoop], axes[IntermediateLoop]);
}

ShardingOption optionOf(CallOp call, LayerOp layer,
                        ArrayRef<Sharding> shardings) {
  const Sharding *first = llvm::find_if(
      shardings, [](const Sharding &sharding) { return bool(sharding); });
  if (first == shardings.end())
    return ShardingOption::makeEmpty();
  FlatSymbolRefAttr grid = first->getGridAttr();
  ShardingArray axes = requestedAxes(loopsOf(call, layer), shardings, grid);
  dropConflicts(axes);
  return ShardingOption(std::move(axes), grid);
}

Sharding shardingWith(FlatSymbolRefAttr grid, ShardingArrayRef axes) {
  SmallVector<GridAxesAttr> split;
  for (const SmallVector<GridAxis> &dimension : axes)
    split.push_back(GridAxesAttr::get(grid.getContext(), dimension));
  while (split.size() > 1 && split.back().empty())
    split.pop_back();
  return Sharding::get(grid, split);
}

std::vector<Sharding> neededShardings(ArrayRef<TensorLoops> loops,
                                      const ShardingOption &option) {
  std::vector<Sharding> shardings;
  for (const TensorLoops &tensor : loops) {
    ShardingArray axes;
    for (std::optional<Loop> loop : tensor)
      axes.push_back(loop ? option.shardingArray[*loop]
                          : SmallVector<GridAxis>());
    shardings.push_back(axes.empty() ? Sharding()
                                     : shardingWith(option.grid, axes));
  }
  return shardings;
}

LogicalResult verifyEven(CallOp call, const Sharding &sharding,
                         FlatSymbolRefAttr grid) {
  if (sharding.getGridAttr() != grid)
    return call.emitOpError()
           << "expects all shardings to be over one grid, but there are "
           << grid << " and " << sharding.getGridAttr();
  ArrayRef<int64_t> halos = sharding.getStaticHaloSizes(),
                    offsets = sharding.getStaticShardedDimsOffsets();
  if (halos.empty() && offsets.empty())
    return success();
  return call.emitOpError()
         << "expects even cuts, but there is a sharding with "
         << (halos.empty() ? "offsets [" : "halos [")
         << (halos.empty() ? offsets : halos) << "]";
}

} // namespace moelora
