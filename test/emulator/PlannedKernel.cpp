// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PlannedKernel.h"
#include "../execute/Routing.h"
#include "DownImages.h"
#include "LayerKernels.h"
#include "Unit.h"
#include "gpu/GpuLowering.h"
#include "gpu/PlanKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "moelora/codegen/Target.h"

#include <gtest/gtest.h>
#include <map>

using namespace mlir;

namespace moelora::test {
namespace {

using namespace codegen;

class PlannedKernel {
public:
  PlannedKernel(const PlanShape &shape, const std::string &options)
      : shape(shape) {
    context.loadDialect<MoELoRADialect, arith::ArithDialect, LLVM::LLVMDialect,
                        gpu::GPUDialect, math::MathDialect, NVVM::NVVMDialect,
                        scf::SCFDialect, vector::VectorDialect>();
    module = ModuleOp::create(UnknownLoc::get(&context));
    LayerOptions layer;
    layer.slots = shape.slots;
    layer.given = Given::Choice;
    if (failed(scheduleLayer(*module,
                             smallLayer(makeRouter(shape.experts, shape.topK)),
                             layer, shape.tile)) ||
        failed(lowerPlan()))
      ADD_FAILURE() << "the layer does not compile";
    else
      kernels.emplace(*module, layerPrefix + ".module", options);
  }

  Planned run(const PlanBatch &batch);

private:
  LogicalResult lowerPlan();
  Planned download(int64_t tokens, const moelora_run_stats *stats);
  Planned::Segment segmentAt(const char *at) const;

  PlanShape shape;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  GpuPlan plan;
  KernelInfo kernel;
  int64_t blocks = 0, validTokens = 0, stepWords = 0, ticket = 0;
  std::optional<CompiledKernels> kernels;
  std::map<int64_t, uint64_t> words; // of the frame
  DownImages images;
};

} // namespace

/// The kernel, and the words of its parameters.
LogicalResult PlannedKernel::lowerPlan() {
  auto layer = *module->getOps<LayerOp>().begin();
  CpuTarget host{CpuTier::AVX2, "x86-64-v3"};
  Unit unit(*module, layer.getLoc(), layerPrefix, host);
  GpuLowering lowering(layer, unit, /*architecture=*/80);
  if (failed(lowering.declare()))
    return failure();
  PlanOp op = *layer.getOps<PlanOp>().begin();
  plan = lowering.planOf(op.getPlan());
  blocks = shape.inShrink ? 7 : planBlocks(plan);
  validTokens = lowering.validTokens;
  stepWords = lowering.stepWords;
  ticket = lowering.ticket;
  for (const KernelInfo &info : lowering.gpu.kernels)
    if (info.name == (shape.inShrink ? "shrink_planning" : "plan"))
      kernel = info;
  for (Operation &other : llvm::make_early_inc_range(*module->getBody()))
    if (&other != lowering.gpu.op)
      other.erase();
  return emulateKernel(*module, kernel.name);
}

Planned PlannedKernel::run(const PlanBatch &batch) {
  if (!kernels)
    return {};
  auto tokens = int64_t(batch.numbers.size());
  auto set = [&](int64_t word, const void *address) {
    words[word] = reinterpret_cast<uint64_t>(address);
  };
  auto array = [&](int64_t word, RegionSize size) {
    set(word, kernels->allocate(uint64_t(size.fixed + size.perToken * tokens)));
  };
  words[Frame::Tokens] = uint64_t(tokens);
  words[Frame::Slots] = uint64_t(shape.slots);
  words[Frame::Begin] = words[Frame::Layer] = 0;
  words[plan.tile] = uint64_t(shape.tile);
  void *stats = kernels->upload(std::vector<moelora_run_stats>(1));
  set(Frame::Stats, stats);
  set(validTokens, kernels->upload(std::vector<int32_t>{batch.validTokens}));
  set(stepWords, images.upload(*kernels, shape));
  set(ticket, kernels->upload(std::vector<uint64_t>{1}));
  set(plan.ids, kernels->upload(batch.expertIds));
  set(plan.numbers, kernels->upload(batch.numbers));
  for (int64_t word : {plan.rowPair, plan.pairRow, plan.rowSegment})
    array(word, plan.perPair(4));
  array(plan.counts, {plan_counts::Bytes, 0});
  array(plan.tiles, plan.tileRegion());
  array(plan.segments, plan.segmentRegion());
  array(plan.counters, plan.counterRegion());
  array(plan.tileCounters, plan.tileCounterRegion());
  std::vector<uint64_t> parameters;
  for (int64_t word : kernel.words) {
    if (!words.count(word)) // of the products of a shrink, which has no pairs
      set(word, kernels->allocate(uint64_t(1) << 20));
    parameters.push_back(words.at(word));
  }
  EXPECT_EQ(kernels->launch(kernel.name.c_str(),
                            {uint32_t(blocks), uint32_t(kernel.threads),
                             uint32_t(kernel.sharedBytes)},
                            parameters.data(), 8 * parameters.size()),
            "");
  return download(tokens, static_cast<moelora_run_stats *>(stats));
}

Planned PlannedKernel::download(int64_t tokens,
                                const moelora_run_stats *stats) {
  auto read = [&](auto number, int64_t word, int64_t count) {
    return kernels->download<decltype(number)>(
        reinterpret_cast<const void *>(words[word]), size_t(count));
  };
  int64_t pairs = tokens * shape.topK;
  Planned result;
  result.rowPair = read(int32_t(), plan.rowPair, pairs);
  result.pairRow = read(int32_t(), plan.pairRow, pairs);
  result.rowSegment = read(int32_t(), plan.rowSegment, pairs);
  result.counters =
      read(int32_t(), plan.counters, tokens * plan.countersPerToken);
  auto counts = read(int32_t(), plan.counts, 2);
  result.rows = counts[plan_counts::Rows / 4];
  int32_t tiles = counts[plan_counts::Tiles / 4];
  result.tiles = read(Planned::Tile(), plan.tiles, tiles);
  auto bytes = read(char(), plan.segments, pairs * plan.segmentBytes());
  for (int64_t row = 0; row < pairs; ++row)
    result.segments.push_back(segmentAt(&bytes[row * plan.segmentBytes()]));
  result.dropped =
      kernels->download<moelora_run_stats>(stats, 1)[0].dropped_pairs;
  return result;
}

Planned::Segment PlannedKernel::segmentAt(const char *at) const {
  auto read = [&](int64_t offset, auto value) {
    std::memcpy(&value, at + offset, sizeof value);
    return value;
  };
  Planned::Segment segment = {read(plan_segment::Begin, int32_t()),
                              read(plan_segment::End, int32_t()), -1, -1};
  int64_t pair = plan.pairOffset(MOELORA_DOWN);
  if (segment[0] < 0 || read(pair + plan_segment::Pages, int32_t()) == 0)
    return segment;
  segment[2] = int32_t(read(pair + plan_segment::Scale, float())) - 1;
  segment[3] =
      images.expertOf(segment[2], read(pair + plan_segment::A, uint64_t()));
  return segment;
}

Planned planOnEmulator(const PlanShape &shape, const PlanBatch &batch,
                       const std::string &options) {
  return PlannedKernel(shape, options).run(batch);
}

} // namespace moelora::test
