// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Projections.h"
#include "gpu/MainLoop.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

static int64_t elementBytes(Type element) {
  return element.getIntOrFloatBitWidth() / 8;
}

MatmulOperands::MatmulOperands(GpuLowering &lowering, GroupedMatmulOp op)
    : op(op), plan(&lowering.planOf(op.getPlan())), element(lowering.element),
      inputElement(getElementTypeOrSelf(op.getInput())),
      weightElement(getElementTypeOrSelf(op.getWeight())) {
  auto type = cast<RankedTensorType>(op.getWeight().getType());
  k = type.getShape().back();
  n = type.getShape()[type.getRank() - 2];
  slices = type.getRank() == 4 ? type.getDimSize(1) : 1;
  input = lowering.words.lookup(op.getInput());
  weight = lowering.words.lookup(op.getWeight());
  if (op.getBias())
    bias = lowering.words.lookup(op.getBias());
  auto planned = lowering.planned.find(op.getInput());
  bool isPlanned = planned != lowering.planned.end();
  order = isPlanned        ? RowOrder::Plan
          : op.getGather() ? RowOrder::Token
                           : RowOrder::Pair;
  inputPitch =
      isPlanned ? planned->second.pitch : k * elementBytes(inputElement);
  int64_t rowsPerToken = order == RowOrder::Token ? 1 : plan->topK;
  inputRegion = {0, rowsPerToken * inputPitch};
  if (!op.getShrunk())
    return;
  auto shrink = op.getShrunk().getDefiningOp<ShrinkOp>();
  const GpuPlan &shrinkPlan = lowering.planOf(shrink.getPlan());
  shrunk = lowering.words.lookup(op.getShrunk());
  ranks = shrinkPlan.mostPages * MOELORA_PAGE_RANKS;
  shrunkRegion = shrinkPlan.perPair(slices * ranks * 2);
  gathersShrunk = op.getGatherShrunk();
  auto table = cast<BlockArgument>(op.getTable());
  projections =
      projectionsOf(lowering.layer.getRole(table.getArgNumber()), slices);
}

int64_t MatmulOperands::weightPitch() const {
  return k * elementBytes(weightElement);
}

int64_t MatmulOperands::featureTiles(const TileShape &shape) const {
  int64_t features = tileFeatures(shape);
  return (n + features - 1) / features;
}

static RegionSize weightRegion(const MatmulOperands &operands) {
  return {operands.plan->experts * operands.slices * operands.n *
              operands.weightPitch(),
          0};
}

MatmulTile::MatmulTile(Kernel &kernel, const MatmulOperands &operands,
                       const TileShape &shape, PlanView &plan, Ptr shared)
    : kernel(kernel), code(kernel.code), operands(operands), shape(shape),
      plan(plan), shared(shared), thread(code.thread()), lane(code.lane()),
      warp(code.warp()), group(lane >> 2), quad(lane & 3),
      warpFeature(warp % shape.featureWarps *
                  (shape.warpFeatures() / operands.slices)),
      warpToken(warp / shape.featureWarps * shape.warpTokens()),
      input(kernel.region(operands.input, operands.inputRegion)),
      weight(kernel.region(operands.weight, weightRegion(operands))) {}

void MatmulTile::select(Int tileIndex, Int index) {
  number = tileIndex;
  range = index;
  PlanView::Tile selected = plan.tile(tileIndex);
  expert = selected.expert;
  begin = selected.begin;
  rows = selected.rows;
  int64_t features = operands.tileFeatures(shape);
  feature = index * features;
  if (movesBack() && !featuresAreWhole())
    feature = code.least(feature, code.i32(operands.n - features));
}

/// Only the last range can begin elsewhere than at a multiple of its size, and
/// then begins early.
Int MatmulTile::ownFeature() {
  int64_t features = operands.tileFeatures(shape);
  return (feature + (features - 1)) / features * features;
}

Value MatmulTile::hasFeature(Int feature) {
  if (featuresAreWhole())
    return code.bit(true);
  return movesBack() ? code.less(ownFeature() - 1, feature)
                     : code.less(feature, code.i32(operands.n));
}

Int MatmulTile::blockFeature(int64_t block, int64_t half) {
  return feature + warpFeature + featureDistance(block, half);
}

Int MatmulTile::blockToken(int64_t tokenBlock) {
  return warpToken + tokenBlock * MmaTokens;
}

Value MatmulTile::touches(Int begin, Int end, int64_t tokenBlock) {
  Int first = blockToken(tokenBlock);
  bool isFirst = tokenBlock == 0,
       isLast = tokenBlock + 1 == shape.tokenBlocks();
  Value all = code.bit(true);
  return code.both(isLast ? all : code.less(begin, first + MmaTokens),
                   isFirst ? all : code.less(first, end));
}

Int MatmulTile::inputRow(Int token) {
  Int row = begin + code.least(token, rows - 1);
  if (operands.order == RowOrder::Plan)
    return row;
  Int pair = plan.pairOfRow(row);
  return operands.order == RowOrder::Token ? pair / operands.plan->topK : pair;
}

Accumulators startWithZero(MatmulTile &tile) {
  KernelCode &code = tile.code;
  return Accumulators(tile.index(tile.shape.featureBlocks(), 0, 0),
                      code.f32(code.builder.getF32Type(), 0));
}

/// Features beyond the last one have its bias.
Accumulators startWithBias(MatmulTile &tile) {
  Accumulators sums = startWithZero(tile);
  const MatmulOperands &operands = tile.operands;
  if (operands.bias < 0)
    return sums;
  KernelCode &code = tile.code;
  Named named(code, "bias");
  int64_t rows = operands.plan->experts * operands.slices * operands.n;
  Ptr bias = tile.kernel.region(operands.bias, {rows * 4, 0});
  Int expert = tile.expert * (operands.slices * operands.n);
  for (int64_t block = 0; block < tile.shape.featureBlocks(); ++block)
    for (int64_t i = 0; i < 4; ++i) {
      Int feature =
          code.least(tile.laneFeature(block, i), code.i32(operands.n - 1));
      int64_t slice = block / tile.blocksPerSlice();
      Ptr at = bias + (expert + slice * operands.n + feature) * 4;
      Value value = code.loadConstant(code.builder.getF32Type(), at);
      for (int64_t n = 0; n < tile.shape.tokenBlocks(); ++n)
        sums[tile.index(block, n, i)] = value;
    }
  return sums;
}

void forTiles(KernelCode &code, Int count, llvm::function_ref<void(Int)> body) {
  Int step = code.blocks();
  code.repeat(
      code.block().value,
      [&](ValueRange i) { return code.less({&code, i[0]}, count); },
      [&](ValueRange i) {
        Int index{&code, i[0]};
        body(index);
        return Code::Values{(index + step).value};
      });
}

} // namespace moelora::codegen
