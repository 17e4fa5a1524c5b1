// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `grouped_matmul`: one kernel for each tile shape. A kernel is
//
//   for each (tile of the plan, range of features) of this thread block:
//     begin to copy the first K steps
//     accumulators = bias, then B u of the adapters
//     main loop: accumulators += W x
//     epilogue

#include "gpu/Epilogue.h"
#include "gpu/MainLoop.h"
#include "gpu/SmallPlan.h"

using namespace mlir;

namespace moelora::codegen {

namespace {

/// Thread blocks of a launch, at most: several for each multiprocessor of the
/// largest GPU.
constexpr int64_t MostBlocks = 1024;

/// The parts of a kernel that differ.
struct KernelParts {
  llvm::function_ref<std::unique_ptr<MainLoop>(MatmulTile &)> createLoop;
  bool addsBias, expands; // adds the delta of adapters
  Epilogue &epilogue;
  bool makesPlan = false; // of a small batch
};

KernelInfo emitKernel(GpuLowering &lowering, const MatmulOperands &operands,
                      const TileShape &shape, const Twine &name,
                      const KernelParts &parts) {
  Kernel kernel(lowering.gpu, name + "_" + Twine(shape.tokens),
                shape.threads());
  KernelCode &code = kernel.code;
  KernelPlan plan =
      createKernelPlan(lowering, kernel, *operands.plan, parts.makesPlan);
  MatmulTile tile(kernel, operands, shape, *plan.view,
                  code.shared() + plan.keptBytes);
  std::unique_ptr<MainLoop> loop = parts.createLoop(tile);
  parts.epilogue.begin(tile);
  int64_t featureTiles = operands.featureTiles(shape);
  forTiles(code, tile.plan.tiles() * featureTiles, [&](Int index) {
    tile.select(index / featureTiles, index % featureTiles);
    loop->start(tile);
    Accumulators sums =
        parts.addsBias ? startWithBias(tile) : startWithZero(tile);
    if (parts.expands)
      sums = expandLora(tile, sums);
    sums = loop->run(tile, sums);
    // Else ptxas moves loads of the epilogue up between the last products, and
    // spills registers.
    code.blockFence();
    parts.epilogue.finish(tile, sums);
  });
  int64_t bytes =
      std::max(loop->sharedBytes(), parts.epilogue.sharedBytes(shape));
  return kernel.finish(std::max(plan.keptBytes + bytes, plan.sharedBytes));
}

std::unique_ptr<MainLoop> createLoop(MatmulTile &tile) {
  return tile.operands.usesMma() ? createMmaLoop(tile) : createScalarLoop(tile);
}

/// The kernels of one tile shape, in the order in which they run. One kernel
/// does all, unless the schedule computes the delta in a kernel of its own.
SmallVector<KernelInfo> emitKernels(GpuLowering &lowering,
                                    const MatmulOperands &operands,
                                    const TileShape &shape, StringRef name,
                                    Epilogue &epilogue, int64_t storedSums) {
  bool expands = !operands.projections.empty();
  if (storedSums < 0)
    return {emitKernel(lowering, operands, shape, name,
                       {createLoop, true, expands, epilogue})};
  auto load = [&](MatmulTile &tile) {
    return createStoredLoop(tile, storedSums);
  };
  std::unique_ptr<Epilogue> store = createStore(storedSums);
  return {emitKernel(lowering, operands, shape, name + "_base",
                     {createLoop, true, false, *store}),
          emitKernel(lowering, operands, shape, name,
                     {load, false, true, epilogue})};
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

} // namespace

FailureOr<RunStage> lowerGroupedMatmul(GpuLowering &lowering,
                                       GroupedMatmulOp op) {
  if (failed(verify(lowering, op)))
    return failure();
  MatmulOperands operands(lowering, op);
  FailureOr<SmallVector<TileShape>> shapes = tileShapesOf(op, operands.slices);
  if (failed(shapes))
    return failure();
  FailureOr<std::unique_ptr<Epilogue>> epilogue = createEpilogue(lowering, op);
  if (failed(epilogue))
    return failure();
  std::string name = lowering.kernelName(stageOf(op));
  bool isApart = op.getShrunk() &&
                 op.getSchedule()->getStrategy() == Strategy::UnfusedPeer;
  int64_t storedSums =
      isApart ? lowering.frame.region(storedSumsRegion(operands)) : -1;
  struct Choice {
    SmallVector<KernelInfo> kernels;
    std::optional<KernelInfo> ofSmallBatch; // makes the plan
    int64_t featureTiles;
  };
  std::vector<Choice> choices;
  for (auto [index, shape] : llvm::enumerate(*shapes)) {
    Choice &choice = choices.emplace_back();
    choice.kernels =
        emitKernels(lowering, operands, shape, name, **epilogue, storedSums);
    choice.featureTiles = operands.featureTiles(shape);
    if (operands.plan->isMadeBy(op) && operands.plan->isOfSmallBatches(index))
      choice.ofSmallBatch = emitKernel(
          lowering, operands, shape, name + "_planning",
          {createLoop, true, !operands.projections.empty(), **epilogue, true});
  }
  return RunStage([=, &lowering, plan = operands.plan](Code &code, Ptr frame) {
    Int chosen = code.loadInt(frame + plan->index);
    for (auto [index, choice] : llvm::enumerate(choices))
      code.when(code.equal(chosen, code.i64(int64_t(index))), [&,
                                                               &own = choice] {
        Int blocks = code.least(plan->mostTiles(code, frame) * own.featureTiles,
                                code.i64(MostBlocks));
        auto launch = [&] {
          for (const KernelInfo &kernel : own.kernels)
            lowering.launch(code, frame, kernel, blocks);
        };
        if (!own.ofSmallBatch)
          return launch();
        code.when(
            plan->isInConsumer(code, frame),
            [&] { lowering.launch(code, frame, *own.ofSmallBatch, blocks); },
            launch);
      });
  });
}

} // namespace moelora::codegen
