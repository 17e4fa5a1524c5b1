// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `grouped_matmul`: one kernel for each tile shape. A kernel is
//
//   for each (tile of the plan, range of features) of this thread block:
//     begin to copy the first K steps
//     accumulators = 0, then B u of the adapters
//     main loop: accumulators += W x
//     epilogue

#include "gpu/Epilogue.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

/// Thread blocks of a launch, at most: several for each multiprocessor of the
/// largest GPU.
constexpr int64_t MostBlocks = 1024;
/// The shared memory in which a tile's epilogue notes tokens.
constexpr int64_t LeastSharedBytes = 1024;

KernelInfo emitKernel(GpuLowering &lowering, const MatmulOperands &operands,
                      Epilogue &epilogue, const TileShape &shape,
                      StringRef name) {
  Kernel kernel(lowering.gpu, name + "_" + Twine(shape.tokens),
                shape.threads());
  KernelCode &code = kernel.code;
  MatmulTile tile(kernel, operands, shape);
  auto loop = operands.usesMma() ? createMmaLoop(tile) : createScalarLoop(tile);
  epilogue.begin(tile);
  int64_t featureTiles = operands.featureTiles(shape);
  forTiles(code, tile.plan.tiles() * featureTiles, [&](Int index) {
    tile.select(index / featureTiles, index % featureTiles);
    loop->start(tile);
    Accumulators sums(tile.index(shape.featureBlocks(), 0, 0),
                      code.f32(code.builder.getF32Type(), 0));
    if (!operands.projections.empty())
      sums = expandLora(tile, sums);
    sums = loop->run(tile, sums);
    epilogue.finish(tile, sums);
  });
  return kernel.finish(std::max(loop->sharedBytes(), LeastSharedBytes));
}

FailureOr<std::unique_ptr<Epilogue>> createEpilogue(GpuLowering &lowering,
                                                    GroupedMatmulOp op) {
  if (op.getActivation())
    return createActivate(lowering, op);
  if (op.combines())
    return createCombine(lowering, op);
  return createAccumulate(lowering, op);
}

LogicalResult verify(GpuLowering &lowering, GroupedMatmulOp op) {
  Type input = getElementTypeOrSelf(op.getInput());
  Type weight = getElementTypeOrSelf(op.getWeight());
  if (weight == lowering.element && input != weight)
    return op.emitError() << "expects weights of " << weight
                          << " to multiply rows of the same type, but they are "
                             "of "
                          << input;
  auto planned = lowering.planned.find(op.getInput());
  if (planned == lowering.planned.end())
    return success();
  if (planned->second.plan != op.getPlan())
    return op.emitError() << "expects the activation to be of the same plan";
  if (op.getGather())
    return op.emitError() << "expects an activation to be read pair by pair, "
                             "but it is gathered by token";
  return success();
}

StringRef nameOf(GroupedMatmulOp op) {
  return op.getActivation() ? "gate_up" : op.combines() ? "down" : "linear";
}

} // namespace

FailureOr<RunStage> lowerGroupedMatmul(GpuLowering &lowering,
                                       GroupedMatmulOp op) {
  if (failed(verify(lowering, op)))
    return failure();
  MatmulOperands operands(lowering, op);
  FailureOr<std::unique_ptr<Epilogue>> epilogue = createEpilogue(lowering, op);
  if (failed(epilogue))
    return failure();
  std::string name = lowering.kernelName(nameOf(op));
  SmallVector<KernelInfo> kernels;
  SmallVector<int64_t> featureTiles;
  for (const TileShape &shape : tileShapes()) {
    kernels.push_back(emitKernel(lowering, operands, **epilogue, shape, name));
    featureTiles.push_back(operands.featureTiles(shape));
  }
  return RunStage([=, &lowering, plan = operands.plan](Code &code, Ptr frame) {
    Int chosen = code.loadInt(frame + plan->index);
    for (size_t i = 0; i < kernels.size(); ++i)
      code.when(code.equal(chosen, code.i64(int64_t(i))), [&] {
        Int blocks = plan->mostTiles(code, frame) * featureTiles[i];
        lowering.launch(code, frame, kernels[i],
                        code.least(blocks, code.i64(MostBlocks)));
      });
  });
}

} // namespace moelora::codegen
