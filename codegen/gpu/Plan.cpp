// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage `plan`: what its users need, its arrays, and its launch.

#include "gpu/Plan.h"
#include "Projections.h"
#include "gpu/PlanKernel.h"
#include "gpu/ShrinkOperands.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

static void addProjections(GpuLowering &lowering, Value table, GpuPlan &plan) {
  auto argument = dyn_cast<BlockArgument>(table);
  if (!argument)
    return;
  auto type = cast<SlotTableType>(table.getType());
  Role role = lowering.layer.getRole(argument.getArgNumber());
  llvm::append_range(plan.projections, projectionsOf(role, type.getSlices()));
  int64_t pages =
      (type.getMaxRank() + MOELORA_PAGE_RANKS - 1) / MOELORA_PAGE_RANKS;
  plan.mostPages = std::max(plan.mostPages, pages);
}

static int64_t leastFeatures(GroupedMatmulOp op) {
  int64_t least = INT64_MAX;
  if (auto schedule = op->getAttrOfType<ScheduleAttr>("schedule"))
    for (TileAttr tile : schedule.getTiles())
      least = std::min(least, tile.getFeatures());
  return least;
}

static void addCombine(GroupedMatmulOp op, GpuPlan &plan) {
  plan.firstCounter[op] = plan.countersPerToken;
  int64_t n = cast<ShapedType>(op.getWeight().getType()).getDimSize(1);
  int64_t least = leastFeatures(op);
  plan.countersPerToken += (n + least - 1) / least;
  int64_t &perToken = plan.scratchRegion.perToken;
  perToken = std::max(perToken, plan.topK * n * 4);
}

/// The parts of a shrink that an epilogue computes. They need memory of their
/// own for the rows of small batches, unless the rows of Combine are as large.
static LogicalResult addEpilogue(ShrinkOp op, GpuPlan &plan) {
  FailureOr<ShrinkOrder> order = shrinkOrderOf(op);
  if (failed(order))
    return failure();
  plan.countsTiles = true;
  int64_t bytes = order->groups * plan.mostPages * MOELORA_PAGE_RANKS * 4;
  RegionSize &region = plan.scratchRegion;
  int64_t most = op.getEpilogueTokens()->back();
  if (most == plan.tileTokens.back())
    region.perToken = std::max(region.perToken, plan.topK * bytes);
  else if (plan.topK * bytes > region.perToken)
    region.fixed = plan.experts * most * bytes;
  return success();
}

/// Reads from the users of the plan what it has to prepare for them.
static LogicalResult addUsers(GpuLowering &lowering, PlanOp op, GpuPlan &plan) {
  SmallVector<ShrinkOp> inEpilogue;
  // In the order of the layer, so that the result does not depend on lists.
  for (Operation &user : lowering.layer.getBody().front()) {
    auto shrink = dyn_cast<ShrinkOp>(user);
    if (shrink && shrink.getPlan() == op.getPlan()) {
      addProjections(lowering, shrink.getTable(), plan);
      if (shrink.getEpilogueTokens())
        inEpilogue.push_back(shrink);
    }
    auto matmul = dyn_cast<GroupedMatmulOp>(user);
    if (matmul && matmul.getPlan() == op.getPlan()) {
      // Its shrunk rows are of another plan, which has no B of its experts.
      if (matmul.getGatherShrunk())
        addProjections(lowering, matmul.getTable(), plan);
      if (matmul.combines())
        addCombine(matmul, plan);
    }
  }
  for (ShrinkOp shrink : inEpilogue)
    if (failed(addEpilogue(shrink, plan)))
      return failure();
  return success();
}

static void declareArrays(Frame &frame, GpuPlan &plan) {
  plan.rowPair = frame.region(plan.perPair(4));
  plan.pairRow = frame.region(plan.perPair(4));
  plan.counts = frame.region({plan_counts::Bytes, 0});
  plan.tiles = frame.region(plan.tileRegion());
  plan.ids = frame.word();
  plan.numbers = frame.word();
  plan.tile = frame.word();
  plan.index = frame.word();
  plan.inConsumer = frame.word();
  if (plan.hasSegments()) {
    plan.rowSegment = frame.region(plan.perPair(4));
    plan.segments = frame.region(plan.segmentRegion());
  }
  if (plan.countersPerToken)
    plan.counters = frame.region(plan.counterRegion());
  if (plan.countsTiles)
    plan.tileCounters = frame.region(plan.tileCounterRegion());
  if (plan.scratchRegion.perToken || plan.scratchRegion.fixed)
    plan.scratch = frame.region(plan.scratchRegion);
}

static LogicalResult verify(PlanOp op, const GpuPlan &plan) {
  if (op.getMap())
    return op.emitError() << "expects the experts of the whole layer for a "
                             "GPU, but there is a map of experts";
  if (plan.topK > MostChoices)
    return op.emitError() << "expects at most " << MostChoices
                          << " choices of a token, but top_k is " << plan.topK;
  constexpr int64_t most = 99 * 1024; // of the smallest architecture
  if (planSharedBytes(plan) > most)
    return op.emitError() << "expects the counts of " << plan.experts
                          << " experts and " << plan.slots
                          << " slots to fit in " << most
                          << " bytes of shared memory, but they need "
                          << planSharedBytes(plan);
  return success();
}

/// Finds the first consumer, whose kernel makes the plan of small batches.
static LogicalResult findConsumer(PlanOp op, GpuPlan &plan) {
  if (!op.getConsumerPairs())
    return success();
  plan.consumer = op.firstConsumer();
  plan.consumerPairs = *op.getConsumerPairs();
  // Counters are to be zero before the kernel that counts.
  auto matmul = dyn_cast_or_null<GroupedMatmulOp>(plan.consumer);
  bool counts = matmul && matmul.counts();
  if (!counts && isa_and_nonnull<ShrinkOp, GroupedMatmulOp>(plan.consumer))
    return success();
  InFlightDiagnostic diagnostic =
      op.emitError() << "expects the first consumer of a plan that it makes to "
                        "be a shrink, or a grouped_matmul whose epilogue does "
                        "not count, but ";
  if (!plan.consumer)
    return diagnostic << "there is none";
  if (counts)
    return diagnostic << "it counts "
                      << (matmul.combines() ? "rows" : "parts of a shrink");
  return diagnostic << "it is '" << plan.consumer->getName() << "'";
}

/// Whether the first consumer makes the plan of this run, as a word. An entry
/// point from logits does not run what computes them, and a shrink does not run
/// without a step.
static void storeInConsumer(GpuLowering &lowering, Code &code, Ptr frame,
                            const GpuPlan &plan) {
  Int pairs = code.loadInt(frame + Frame::Tokens) * plan.topK;
  Value isSmall = lowering.running->contains(plan.consumer)
                      ? code.less(pairs, code.i64(plan.consumerPairs + 1))
                      : code.bit(false);
  if (isa_and_nonnull<ShrinkOp>(plan.consumer))
    isSmall = code.select(code.isNull(code.loadPtr(frame + Frame::Step)),
                          code.bit(false), isSmall);
  code.store(code.select(isSmall, code.i64(1), code.i64(0)),
             frame + plan.inConsumer);
}

/// The smallest tile that holds the rows that an expert has on average.
static void storeTile(Code &code, Ptr frame, const GpuPlan &plan) {
  Int pairs = code.loadInt(frame + Frame::Tokens) * plan.topK;
  Int rows = (pairs + (plan.experts - 1)) / plan.experts;
  Int tile = code.i64(plan.tileTokens[0]), index = code.i64(0);
  for (size_t i = 1; i < plan.tileTokens.size(); ++i) {
    Value more = code.less(code.i64(plan.tileTokens[i - 1]), rows);
    tile = code.select(more, code.i64(plan.tileTokens[i]), tile);
    index = code.select(more, code.i64(int64_t(i)), index);
  }
  code.store(tile, frame + plan.tile);
  code.store(index, frame + plan.index);
}

FailureOr<RunStage> lowerPlan(GpuLowering &lowering, PlanOp op) {
  PlanType type = op.getPlan().getType();
  auto owner = std::make_unique<GpuPlan>();
  GpuPlan &plan = *owner;
  plan.experts = type.getExperts();
  plan.slots = type.getSlots();
  plan.topK = type.getTopK();
  plan.zeroExperts = op.getZeroExperts();
  plan.hasIds = bool(op.getIds());
  auto schedule = op->getAttrOfType<ScheduleAttr>("schedule");
  if (!schedule)
    return op.emitOpError("expects the schedule of a GPU, which "
                          "moelora-schedule attaches");
  for (TileAttr shape : schedule.getTiles())
    plan.tileTokens.push_back(shape.getTokens());
  if (failed(addUsers(lowering, op, plan)) || failed(verify(op, plan)) ||
      failed(findConsumer(op, plan)))
    return failure();
  declareArrays(lowering.frame, plan);
  lowering.plans[op.getPlan()] = std::move(owner);
  KernelInfo kernel = emitPlanKernel(lowering, plan);
  return RunStage([=, &lowering, &plan](Code &code, Ptr frame) mutable {
    auto copy = [&](Value value, int64_t word) {
      code.store(code.loadPtr(frame + lowering.words.lookup(value)),
                 frame + word);
    };
    if (op.getIds())
      copy(op.getIds(), plan.ids);
    if (op.getSlots())
      copy(op.getSlots(), plan.numbers);
    storeTile(code, frame, plan);
    storeInConsumer(lowering, code, frame, plan);
    code.when(
        plan.isInConsumer(code, frame), [] {},
        [&] {
          lowering.launch(code, frame, kernel, code.i64(planBlocks(plan)));
        });
  });
}

} // namespace moelora::codegen
