// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiles that a GPU kernel can have.

#include "Tiles.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moelora {
namespace {

constexpr int64_t tokenCounts[] = {8, 16, 32, 64, 128};

/// The other parameters of a tile.
struct Shape {
  int64_t features, k, featureWarps, tokenWarps, splitK, stages;
};

// By the index of the tokens. A warp of up to 32 tokens multiplies 32 features
// with all tokens, which takes the fewest loads for each product. Prefill needs
// 64 x 64 in a warp, or shared memory limits it. Small tiles wait for memory,
// and have more bytes under way; a larger k is fewer barriers for few products.
constexpr Shape matmulShapes[] = {{128, 128, 4, 1, 1, 3},
                                  {128, 128, 4, 1, 1, 3},
                                  {128, 64, 4, 1, 1, 4},
                                  {128, 64, 2, 2, 1, 3},
                                  {256, 64, 4, 2, 1, 3}};

// For 128 tokens, where this divides the features and 256 does not: the bounds
// of a last, incomplete tile would need registers that the larger one lacks.
constexpr Shape dividingShape = {128, 64, 2, 4, 1, 3};

// For matrices of at most 64 features, as routers have. Products of f32, which
// run without tensor cores, need few accumulators in a lane, too.
constexpr Shape narrowShapes[] = {{64, 64, 4, 1, 1, 4},
                                  {64, 64, 4, 1, 1, 4},
                                  {64, 64, 4, 1, 1, 4},
                                  {64, 64, 2, 2, 1, 3},
                                  {64, 64, 2, 4, 1, 3}};

/// A tile that the cost model may take instead of the usual one.
struct OtherTile {
  int64_t tokens;
  Shape shape;
};

// Each is a tile with which the kernels of test/gpu/configs need no stack.
// With more stages, ptxas keeps more addresses in registers than there are.
constexpr OtherTile otherTiles[] = {
    {8, {64, 64, 2, 1, 1, 4}},   {8, {64, 128, 2, 1, 1, 3}},
    {8, {128, 64, 4, 1, 1, 4}},  {8, {256, 64, 8, 1, 1, 4}},
    {16, {64, 64, 2, 1, 1, 4}},  {16, {64, 128, 2, 1, 1, 3}},
    {16, {128, 64, 4, 1, 1, 4}}, {16, {256, 64, 8, 1, 1, 4}},
    {32, {64, 64, 2, 1, 1, 3}},  {32, {64, 64, 2, 1, 1, 4}},
    {32, {256, 64, 8, 1, 1, 3}}, {64, {64, 64, 2, 2, 1, 3}},
    {64, {256, 64, 4, 1, 1, 3}}, {64, {256, 64, 4, 2, 1, 3}},
    {128, {64, 64, 2, 4, 1, 3}}, {128, {128, 64, 2, 4, 1, 3}}};

// One page of ranks. Four warps divide K: there is little else to divide, and
// one warp alone would wait for each of its loads.
constexpr Shape shrinkShapes[] = {{16, 32, 1, 1, 4, 6},
                                  {16, 32, 1, 1, 4, 6},
                                  {16, 32, 1, 1, 4, 4},
                                  {16, 32, 1, 1, 4, 3},
                                  {16, 32, 1, 1, 4, 2}};

TileAttr makeTile(MLIRContext *context, int64_t tokens, const Shape &shape) {
  return TileAttr::get(context, tokens, shape.features, shape.k,
                       shape.featureWarps, shape.tokenWarps, shape.splitK,
                       shape.stages);
}

} // namespace

ArrayRef<int64_t> tileTokens() { return tokenCounts; }

int64_t elementBytes(Operation *op) {
  if (auto shrink = dyn_cast<ShrinkOp>(op))
    return shrink.getTable()
               .getType()
               .getElementType()
               .getIntOrFloatBitWidth() /
           8;
  auto matmul = cast<GroupedMatmulOp>(op);
  auto bytes = [](Value value) {
    return getElementTypeOrSelf(value).getIntOrFloatBitWidth() / 8;
  };
  return std::max(bytes(matmul.getInput()), bytes(matmul.getWeight()));
}

int64_t slicesOf(GroupedMatmulOp op) {
  auto type = cast<ShapedType>(op.getWeight().getType());
  return type.getRank() == 4 ? type.getDimSize(1) : 1;
}

int64_t featuresOf(GroupedMatmulOp op) {
  auto type = cast<ShapedType>(op.getWeight().getType());
  return slicesOf(op) * type.getDimSize(type.getRank() - 2);
}

/// Warps of a narrow tile have too few features for two slices.
static bool isNarrow(GroupedMatmulOp op) {
  return slicesOf(op) == 1 && featuresOf(op) <= narrowShapes[0].features;
}

/// Whether products run on tensor cores.
static bool usesMma(GroupedMatmulOp op) {
  return !getElementTypeOrSelf(op.getWeight()).isF32();
}

static const Shape &shapeOf(Operation *op, size_t index) {
  if (isa<ShrinkOp>(op))
    return shrinkShapes[index];
  const Shape &usual = matmulShapes[index];
  auto matmul = dyn_cast<GroupedMatmulOp>(op);
  if (!matmul)
    return usual;
  if (isNarrow(matmul) || !usesMma(matmul))
    return narrowShapes[index];
  int64_t features = featuresOf(matmul);
  bool divides = features % usual.features == 0;
  bool isLargest = usual.features > dividingShape.features;
  return isLargest && !divides && features % dividingShape.features == 0
             ? dividingShape
             : usual;
}

static size_t indexOf(int64_t tokens) {
  return llvm::find(tokenCounts, tokens) - std::begin(tokenCounts);
}

/// The columns of the weights.
static int64_t columnsOf(Operation *op) {
  auto matmul = dyn_cast<GroupedMatmulOp>(op);
  return matmul
             ? cast<ShapedType>(matmul.getWeight().getType()).getShape().back()
             : INT64_MAX;
}

/// Shorter stages, as many columns in all; then fewer stages; then fewer
/// columns.
static void makeSmaller(Shape &shape) {
  if (shape.k > 64) {
    shape.k /= 2;
    shape.stages *= 2;
  } else if (shape.stages > 2) {
    --shape.stages;
  } else {
    shape.k /= 2;
  }
}

TileAttr usualTile(Operation *op, int64_t tokens, const GpuArchitecture &gpu) {
  Shape shape = shapeOf(op, indexOf(tokens));
  TileAttr tile = makeTile(op->getContext(), tokens, shape);
  if (isa<PlanOp>(op))
    return tile;
  while (tile.getSharedBytes(elementBytes(op)) > gpu.sharedBytes ||
         (shape.k > 64 && columnsOf(op) <= 64)) {
    makeSmaller(shape);
    tile = makeTile(op->getContext(), tokens, shape);
  }
  return tile;
}

bool isModelled(Operation *op) {
  auto matmul = dyn_cast<GroupedMatmulOp>(op);
  return matmul ? usesMma(matmul) : isa<ShrinkOp>(op);
}

/// Whether a kernel has the registers for another tile than the usual one.
/// Those of many tokens have none left for the bounds of a last, incomplete
/// tile, or for the addresses of rows of f32.
static bool hasRegisters(GroupedMatmulOp op, const OtherTile &other) {
  bool isLinear = !op.getActivation() && !op.combines();
  bool divides = featuresOf(op) % other.shape.features == 0;
  return other.tokens < 64 || other.shape.features <= 64 ||
         (divides && !isLinear);
}

SmallVector<TileAttr> candidateTiles(Operation *op, int64_t tokens,
                                     const GpuArchitecture &gpu) {
  SmallVector<TileAttr> tiles{usualTile(op, tokens, gpu)};
  auto matmul = dyn_cast<GroupedMatmulOp>(op);
  if (!matmul || isNarrow(matmul) || !usesMma(matmul))
    return tiles;
  for (const OtherTile &other : otherTiles) {
    TileAttr tile = makeTile(op->getContext(), other.tokens, other.shape);
    if (other.tokens == tokens && hasRegisters(matmul, other) &&
        tile.getSharedBytes(elementBytes(op)) <= gpu.sharedBytes &&
        !llvm::is_contained(tiles, tile))
      tiles.push_back(tile);
  }
  return tiles;
}

/// Whether the last range of features overlaps with the one before, because it
/// is moved back to be whole.
static bool isMovedBack(int64_t n, int64_t features) {
  return n > features && n % features != 0 && n % 16 == 0;
}

ShrinkOp shrinkAfter(GroupedMatmulOp matmul) {
  for (Operation *user : matmul.getResult().getUsers()) {
    auto shrink = dyn_cast<ShrinkOp>(user);
    if (shrink && matmul.getActivation() && usesMma(matmul) &&
        shrink.getInput() == matmul.getResult() && !shrink.getGather() &&
        shrink.getPlan() == matmul.getPlan())
      return shrink;
  }
  return {};
}

/// In small batches a launch costs more than parts of the sums in memory.
bool takesShrink(GroupedMatmulOp op, TileAttr tile, TileAttr first) {
  constexpr int64_t mostTokens = 32;
  int64_t slices = slicesOf(op), k = featuresOf(op) / slices;
  return tile.getTokens() <= mostTokens && tile.getTokenWarps() == 1 &&
         tile.getSplitK() == 1 &&
         tile.getTokens() / 8 <= tile.getFeatureWarps() &&
         tile.getFeatures() == first.getFeatures() &&
         tile.getFeatureWarps() == first.getFeatureWarps() &&
         !isMovedBack(k, tile.getFeatures() / slices);
}

SmallVector<int64_t> chooseEpilogueTokens(ShrinkOp op) {
  auto matmul = op.getInput().getDefiningOp<GroupedMatmulOp>();
  if (!matmul || !matmul.getSchedule() || shrinkAfter(matmul) != op)
    return {};
  for (ScheduleAttr schedule : {*op.getSchedule(), *matmul.getSchedule()})
    if (schedule.getStrategy() != Strategy::InPlace)
      return {};
  SmallVector<int64_t> tokens;
  ArrayRef<TileAttr> tiles = matmul.getSchedule()->getTiles();
  for (TileAttr tile : tiles)
    if (takesShrink(matmul, tile, tiles.front()))
      tokens.push_back(tile.getTokens());
  return tokens;
}

/// A thread block sorts the rows of an expert by comparing each with all, so
/// they may not be many: with one choice of each token, all rows can be of one
/// expert. A matmul has a kernel for each tile, so only the smallest ones have
/// another one that makes the plan.
int64_t chooseConsumerPairs(PlanOp plan, const GpuArchitecture &gpu) {
  constexpr int64_t mostRowsOfExpert = 256, mostTokens = 32;
  constexpr int64_t bytesPerPair = 12; // of shared memory that it keeps
  PlanType type = plan.getType();
  Operation *first = plan.firstConsumer();
  if (!isa_and_nonnull<ShrinkOp, GroupedMatmulOp>(first) ||
      type.getExperts() > PlanOp::MostConsumerExperts ||
      type.getSlots() > PlanOp::MostConsumerSlots)
    return 0;
  auto schedule = first->getAttrOfType<ScheduleAttr>("schedule");
  if (!schedule || schedule.getStrategy() != Strategy::InPlace)
    return 0;
  int64_t pairs = std::min<int64_t>(PlanOp::MostConsumerPairs,
                                    mostRowsOfExpert * type.getTopK());
  auto matmul = dyn_cast<GroupedMatmulOp>(first);
  if (!matmul)
    return pairs;
  if (matmul.counts())
    return 0;
  // The tiles of small batches.
  auto tiles = schedule.getTiles().take_while(
      [&](TileAttr tile) { return tile.getTokens() <= mostTokens; });
  int64_t rows = tiles.empty() ? mostTokens : tiles.back().getTokens();
  pairs = std::min(pairs, rows * type.getExperts());
  for (TileAttr tile : tiles)
    if (tile.getSharedBytes(elementBytes(matmul)) + bytesPerPair * pairs >
        gpu.sharedBytes)
      return 0;
  return pairs;
}

} // namespace moelora
