// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The epilogue of gate and up. Gate and up of one feature and token are in the
// same register of a lane. Registers hold tokens 2t and 2t + 1 of one feature;
// movmatrix turns blocks of 8 x 8, so that a lane stores features 2t and 2t + 1
// of one token. These registers are also factors of the shrink that follows.

#include "Activation.h"
#include "gpu/Epilogue.h"
#include "gpu/PartialShrink.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

class Activate : public Epilogue {
public:
  Activate(GpuLowering &lowering, GroupedMatmulOp op, int64_t n)
      : op(op), plan(lowering.planOf(op.getPlan())),
        pitch((2 * n + 15) / 16 * 16),
        result(lowering.frame.region(plan.perPair(pitch))) {
    if (op.getInputWeights())
      inputWeights = lowering.words.lookup(op.getInputWeights());
    lowering.words[op.getResult()] = result;
    lowering.planned[op.getResult()] = {op.getPlan(), pitch};
    if ((shrink = op.shrinkInEpilogue()))
      shrinkOperands.emplace(lowering, shrink);
  }

  void finish(MatmulTile &tile, const Accumulators &sums) override;
  int64_t sharedBytes(const TileShape &shape) const override {
    return shrinksIn(shape) ? partialShrinkSharedBytes(shape) : 0;
  }

private:
  /// Whether tiles of this shape compute the shrink that follows.
  bool shrinksIn(const TileShape &shape) const {
    return shrink && ShrinkOp(shrink).isInEpilogue(shape.tokens);
  }
  Value weightOf(MatmulTile &tile, int64_t tokenBlock, int64_t i);
  Value activate(MatmulTile &tile, const Accumulators &sums, int64_t block,
                 int64_t tokenBlock, int64_t i, Value weight);

  GroupedMatmulOp op;
  const GpuPlan &plan;
  int64_t pitch, result, inputWeights = -1;
  ShrinkOp shrink; // that this computes for some tiles, or null
  std::optional<ShrinkOperands> shrinkOperands;
};

} // namespace

/// Weights on the experts' input multiply the accumulators: the product of a
/// scaled row is the scaled product, delta included.
Value Activate::weightOf(MatmulTile &tile, int64_t tokenBlock, int64_t i) {
  if (inputWeights < 0)
    return {};
  KernelCode &code = tile.code;
  Ptr weights = tile.kernel.region(inputWeights, plan.perPair(4));
  Int token = code.least(tile.laneToken(tokenBlock, i), tile.rows - 1);
  return code.loadFloat(weights + tile.plan.pairOfRow(tile.begin + token) * 4);
}

Value Activate::activate(MatmulTile &tile, const Accumulators &sums,
                         int64_t block, int64_t tokenBlock, int64_t i,
                         Value weight) {
  KernelCode &code = tile.code;
  auto slice = [&](int64_t index) {
    Value sum =
        sums[tile.index(block + index * tile.blocksPerSlice(), tokenBlock, i)];
    return weight ? code.mul(weight, sum) : sum;
  };
  ActivationAttr activation = *op.getActivation();
  return activation.getGated()
             ? emitGated(code, Sigmoid::Hardware, activation, slice(0),
                         slice(1))
             : emitPlain(code, Sigmoid::Hardware, activation, slice(0));
}

void Activate::finish(MatmulTile &tile, const Accumulators &sums) {
  KernelCode &code = tile.code;
  Named named(code, "activation");
  Type element = tile.operands.element;
  bool shrinks = shrinksIn(tile.shape);
  Ptr rows = tile.kernel.region(result, plan.perPair(pitch));
  ActivationFactors factors;
  for (int64_t n = 0; n < tile.shape.tokenBlocks(); ++n) {
    Value weights[] = {weightOf(tile, n, 0), weightOf(tile, n, 1)};
    Int token = tile.blockToken(n) + tile.group;
    Ptr first = rows + code.toI64(tile.begin + token) * pitch +
                (tile.blockFeature(0) + tile.quad * 2) * 2;
    for (int64_t block = 0; block < tile.blocksPerSlice(); ++block) {
      Registers<2> &factor = factors.emplace_back();
      for (int64_t half = 0; half < 2; ++half) {
        Value a = activate(tile, sums, block, n, 2 * half, weights[0]);
        Value b = activate(tile, sums, block, n, 2 * half + 1, weights[1]);
        if (shrinks && !tile.featuresAreWhole()) {
          // Features beyond the last one add nothing.
          Value exists = tile.hasFeature(tile.laneFeature(block, 2 * half));
          Value zero = code.f32(code.builder.getF32Type(), 0);
          a = code.select(exists, a, zero);
          b = code.select(exists, b, zero);
        }
        Value turned = code.transpose(code.roundPair(element, a, b));
        factor[size_t(half)] = turned;
        Value inside = tile.hasToken(token);
        if (!tile.featuresAreWhole())
          inside =
              code.both(inside, tile.hasFeature(tile.blockFeature(block, half) +
                                                tile.quad * 2));
        code.when(inside, [&] {
          code.store(turned, first + tile.featureDistance(block, half) * 2);
        });
      }
    }
  }
  if (shrinks)
    emitPartialShrink(tile, *shrinkOperands, factors);
}

FailureOr<std::unique_ptr<Epilogue>> createActivate(GpuLowering &lowering,
                                                    GroupedMatmulOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (type.getElementType() != lowering.element)
    return op.emitError() << "expects an activation in the layer's element "
                             "type "
                          << lowering.element << ", but it is of "
                          << type.getElementType();
  if (ShrinkOp shrink = op.shrinkInEpilogue();
      shrink && failed(verifyShrink(lowering, shrink)))
    return failure();
  return std::unique_ptr<Epilogue>(
      std::make_unique<Activate>(lowering, op, type.getDimSize(1)));
}

} // namespace moelora::codegen
