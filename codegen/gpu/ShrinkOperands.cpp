// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/ShrinkOperands.h"
#include "Projections.h"
#include "gpu/Pages.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

/// A group is a block.
static ShrinkOrder plainOrder(int64_t k) { return {pageBlocks(k), 1, 1}; }

FailureOr<ShrinkOrder> shrinkOrderOf(ShrinkOp op) {
  int64_t k = op.getTable().getType().getIn();
  auto matmul = op.getInput().getDefiningOp<GroupedMatmulOp>();
  if (!matmul || matmul.shrinkInEpilogue() != op)
    return plainOrder(k);
  auto weight = cast<ShapedType>(matmul.getWeight().getType());
  int64_t slices = weight.getRank() == 4 ? weight.getDimSize(1) : 1;
  FailureOr<SmallVector<TileShape>> shapes = tileShapesOf(matmul, slices);
  if (failed(shapes))
    return failure();
  std::optional<TileShape> first;
  for (const TileShape &shape : *shapes) {
    if (!op.isInEpilogue(shape.tokens))
      continue;
    if (!first)
      first = shape;
    int64_t features = shape.features / slices;
    bool overlaps = k > features && k % features != 0 && k % MmaRows == 0;
    bool fits = shape.tokenWarps == 1 && !overlaps &&
                shape.tokenBlocks() <= shape.featureWarps;
    if (!fits || shape.features != first->features ||
        shape.featureWarps != first->featureWarps)
      return op.emitError()
             << "expects an epilogue to have tiles of the same features and "
                "warps, which divide the features and not the tokens, and no "
                "tile that is moved back over "
             << k << " features, but a tile has " << shape.features
             << " features and " << shape.featureWarps << " x "
             << shape.tokenWarps << " warps";
  }
  if (!first)
    return op.emitError() << "expects the op that makes its input to have the "
                             "tiles of its epilogue";
  int64_t group = first->features / slices;
  return ShrinkOrder{(k + group - 1) / group, first->featureWarps,
                     group / first->featureWarps / MmaRows};
}

LogicalResult verifyShrink(GpuLowering &lowering, ShrinkOp op) {
  SlotTableType table = op.getTable().getType();
  Type rows = getElementTypeOrSelf(op.getInput());
  if (rows != lowering.element || table.getElementType() != lowering.element)
    return op.emitError() << "expects adapters and their rows in the layer's "
                             "element type "
                          << lowering.element << ", but the input is of "
                          << rows << " and the table has "
                          << table.getElementType();
  if (!isa<BlockArgument>(op.getTable()))
    return op.emitError() << "expects the table to be an argument of the layer";
  return LogicalResult(shrinkOrderOf(op));
}

ShrinkOperands::ShrinkOperands(GpuLowering &lowering, ShrinkOp op)
    : plan(&lowering.planOf(op.getPlan())), element(lowering.element),
      isOfTokens(op.isOfTokens()), order(*shrinkOrderOf(op)) {
  SlotTableType table = op.getTable().getType();
  auto argument = cast<BlockArgument>(op.getTable());
  slices = table.getSlices();
  projections =
      projectionsOf(lowering.layer.getRole(argument.getArgNumber()), slices);
  k = table.getIn();
  ranks = plan->mostPages * MOELORA_PAGE_RANKS;
  auto planned = lowering.planned.find(op.getInput());
  bool isPlanned = planned != lowering.planned.end();
  rows = isPlanned        ? RowOrder::Plan
         : op.getGather() ? RowOrder::Token
                          : RowOrder::Pair;
  pitch = isPlanned ? planned->second.pitch : 2 * k;
  input = lowering.words.lookup(op.getInput());
  auto known = lowering.words.find(op.getResult());
  result = known != lowering.words.end()
               ? known->second
               : lowering.frame.region(resultRegion());
  lowering.words[op.getResult()] = result;
}

} // namespace moelora::codegen
