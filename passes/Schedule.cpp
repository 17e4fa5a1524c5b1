// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attaches schedules to fused ops: which tiles are compiled for a GPU, or how a
// CPU divides the rows of a plan.

#include "Choice.h"
#include "mlir/IR/Remarks.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_SCHEDULE
#include "moelora/passes/Passes.h.inc"

namespace {

remark::RemarkOpts named(StringRef name) {
  return remark::RemarkOpts::name(name).category("schedule");
}

void decline(Operation *op, StringRef name, StringRef reason) {
  remark::missed(op->getLoc(), named(name)) << remark::reason("{0}", reason);
}

void setPageOrder(LayerOp layer, PageOrder order) {
  SmallVector<Type> types(layer.getArgumentTypes());
  for (auto [index, type] : llvm::enumerate(types)) {
    auto table = dyn_cast<SlotTableType>(type);
    if (!table || table.getPageOrder() == order)
      continue;
    remark::passed(layer.getLoc(), named("PageOrder"))
        << remark::metric("order", stringifyPageOrder(order))
        << remark::metric("role", stringifyRole(layer.getRole(index)));
    type = table.withPageOrder(order);
    layer.getBody().getArgument(index).setType(type);
  }
  layer.setFunctionType(
      FunctionType::get(layer.getContext(), types, layer.getResultTypes()));
}

bool hasWideTable(LayerOp layer) {
  return llvm::any_of(layer.getArgumentTypes(), [](Type type) {
    auto table = dyn_cast<SlotTableType>(type);
    return table && table.getElementType().isF32();
  });
}

/// The tokens of the tiles of a plan, of those in `all`. A plan of many experts
/// has them all, because each expert may have few rows. With one expert, only
/// the last tile of a batch is not full, and two kernels do for an op: by the
/// cost model, 16 tokens are as fast as 8 in batches of up to 8, and 64 take at
/// most a tenth longer than 32 in batches of 17 to 32. On an A100, 128 tokens
/// gain nothing. On an H200 they take up to 28 % less time in batches of
/// thousands, but up to 73 % more in batches of 128, for which the host would
/// take them, too.
SmallVector<int64_t> tokensOf(PlanOp plan, ArrayRef<int64_t> all) {
  if (plan.getType().getExperts() > 1)
    return SmallVector<int64_t>(all);
  SmallVector<int64_t> few(llvm::make_filter_range(all, [](int64_t tokens) {
    return tokens == decodeTile || tokens == prefillTile;
  }));
  return few.empty() ? SmallVector<int64_t>(all) : few;
}

SmallVector<int64_t> tokensOf(ScheduleAttr schedule) {
  return llvm::map_to_vector(schedule.getTiles(),
                             [](TileAttr tile) { return tile.getTokens(); });
}

/// The reason why `op` cannot have the schedule of a GPU; empty if it can.
StringRef whyUnscheduled(Operation *op, Value plan) {
  if (!plan.getDefiningOp<PlanOp>())
    return "no plan op makes its plan";
  if (!isa<ScheduleAttr>(plan.getDefiningOp<PlanOp>().getScheduleAttr()))
    return "its plan has the schedule of a CPU";
  if (isa<ShrinkOp>(op) && elementBytes(op) != 2)
    return "its adapters do not have elements of 2 bytes";
  return "";
}

struct Schedule : impl::ScheduleBase<Schedule> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    const GpuArchitecture *gpu = findGpu(target);
    if (target != "cpu" && !gpu) {
      getOperation().emitOpError()
          << "expects the target to be cpu, " << listArchitectures("sm_", ", ")
          << " or emulated-sm_NN, but it is '" << target << "'";
      return signalPassFailure();
    }
    if (failed(gpu ? scheduleGpu(*gpu) : scheduleCpu()))
      signalPassFailure();
  }

  LogicalResult scheduleCpu() {
    LayerOp layer = getOperation();
    auto emitError = [&] { return layer.emitOpError(); };
    auto schedule = CpuScheduleAttr::getChecked(
        function_ref<InFlightDiagnostic()>(emitError), &getContext(),
        tileRows.getValue(), groupRows.getValue());
    if (!schedule)
      return failure();
    setPageOrder(layer, PageOrder::RowMajor);
    for (auto plan : layer.getBody().getOps<PlanOp>()) {
      if (plan.getScheduleAttr()) {
        decline(plan, "Plan", "the op has a schedule");
        continue;
      }
      remark::passed(plan.getLoc(), named("Plan"))
          << remark::metric("rows", schedule.getRows())
          << remark::metric("group", schedule.getGroup());
      plan.setScheduleAttr(schedule);
    }
    return success();
  }

  LogicalResult scheduleGpu(const GpuArchitecture &gpu) {
    LayerOp layer = getOperation();
    FailureOr<SmallVector<int64_t>> tokens = chooseTokens();
    if (failed(tokens))
      return failure();
    if (hasWideTable(layer))
      decline(layer, "PageOrder", "a table has elements of 4 bytes");
    else
      setPageOrder(layer, PageOrder::FragmentMajor);
    SmallVector<PlanOp> plans; // that have no schedule yet
    llvm::copy_if(layer.getBody().getOps<PlanOp>(), std::back_inserter(plans),
                  [](PlanOp plan) { return !plan.getScheduleAttr(); });
    for (Operation &op : layer.getBody().getOps())
      llvm::TypeSwitch<Operation *>(&op)
          .Case([&](PlanOp plan) { schedulePlan(plan, *tokens, gpu); })
          .Case<ShrinkOp, GroupedMatmulOp>(
              [&](auto op) { scheduleGemm(op, gpu); });
    if (planInConsumer)
      for (PlanOp plan : plans)
        moveToConsumer(plan, gpu);
    return success();
  }

  /// The tokens of the tiles that the options select.
  FailureOr<SmallVector<int64_t>> chooseTokens() {
    auto isSelected = [&](int64_t tokens) {
      return (tiles.empty() || llvm::is_contained(tiles, tokens)) &&
             (batches != Batches::Decode || tokens <= decodeTile) &&
             (batches != Batches::Prefill || tokens >= prefillTile);
    };
    auto isKnown = [](int64_t tokens) {
      return llvm::is_contained(tileTokens(), tokens);
    };
    SmallVector<int64_t> tokens(
        llvm::make_filter_range(tileTokens(), isSelected));
    if (llvm::all_of(tiles, isKnown) && !tokens.empty())
      return tokens;
    InFlightDiagnostic diagnostic = getOperation().emitOpError(
        "expects tiles of 8, 16, 32, 64 or 128 tokens, of which the schedule "
        "has at least one, but the tiles are of [");
    llvm::interleaveComma(tiles, diagnostic);
    return diagnostic << "] tokens";
  }

  void schedulePlan(PlanOp plan, ArrayRef<int64_t> all,
                    const GpuArchitecture &gpu) {
    if (plan.getScheduleAttr())
      return decline(plan, "Plan", "the op has a schedule");
    SmallVector<int64_t> tokens =
        tiles.empty() ? tokensOf(plan, all) : SmallVector<int64_t>(all);
    remark::passed(plan.getLoc(), named("Plan"))
        << remark::metric("tiles", tokens.size())
        << remark::metric("least_tokens", tokens.front())
        << remark::metric("most_tokens", tokens.back());
    plan.setScheduleAttr(makeSchedule(usual(plan, tokens, gpu)));
  }

  void moveToConsumer(PlanOp plan, const GpuArchitecture &gpu) {
    int64_t pairs = chooseConsumerPairs(plan, gpu);
    if (!pairs)
      return;
    plan.setConsumerPairs(pairs);
    remark::passed(plan.getLoc(), named("PlanInConsumer"))
        << remark::metric("most_pairs", pairs);
  }

  template <typename Op> void scheduleGemm(Op op, const GpuArchitecture &gpu) {
    if (op.getScheduleAttr())
      return decline(op, "Tile", "the op has a schedule");
    StringRef reason = whyUnscheduled(op, op.getPlan());
    if (!reason.empty())
      return decline(op, "Tile", reason);
    auto plan = op.getPlan().template getDefiningOp<PlanOp>();
    auto tokens = tokensOf(cast<ScheduleAttr>(plan.getScheduleAttr()));
    if (isModelled(op)) {
      OpModel model(op, gpu);
      Choice choice = fastest(model, op, tokens, gpu);
      explain(op, choice, model, tokens);
      op.setScheduleAttr(makeSchedule(choice));
    } else {
      decline(op, "Cost", "the cost model has no kernels of f32 weights");
      op.setScheduleAttr(makeSchedule(usual(op, tokens, gpu)));
    }
    if constexpr (std::is_same_v<Op, ShrinkOp>)
      moveToEpilogue(op);
  }

  void moveToEpilogue(ShrinkOp op) {
    SmallVector<int64_t> tokens = chooseEpilogueTokens(op);
    if (tokens.empty())
      return;
    op.setEpilogueTokens(tokens);
    remark::passed(op.getLoc(), named("Epilogue"))
        << remark::metric("op", op->getName().stripDialect())
        << remark::metric("most_tokens", tokens.back());
  }

  /// The strategy of the options. Where the cost model decides, the one that
  /// it knows to be the best for most layers.
  Strategy usualStrategy() const {
    return strategy == StrategyChoice::UnfusedPeer ? Strategy::UnfusedPeer
                                                   : Strategy::InPlace;
  }

  Choice usual(Operation *op, ArrayRef<int64_t> tokens,
               const GpuArchitecture &gpu) const {
    return {usualStrategy(), llvm::map_to_vector(tokens, [&](int64_t count) {
              return usualTile(op, count, gpu);
            })};
  }

  Choice fastest(const OpModel &model, Operation *op, ArrayRef<int64_t> tokens,
                 const GpuArchitecture &gpu) const {
    Choice choice = chooseTiles(model, op, tokens, usualStrategy(), gpu);
    if (strategy != StrategyChoice::Fastest || !model.hasAdapters())
      return choice;
    Choice other = chooseTiles(model, op, tokens, Strategy::UnfusedPeer, gpu);
    return other.logSeconds < choice.logSeconds ? other : choice;
  }

  /// A remark for each tile, with the prediction for its middle batch.
  void explain(Operation *op, const Choice &choice, const OpModel &model,
               ArrayRef<int64_t> tokens) {
    for (auto [index, tile] : llvm::enumerate(choice.tiles)) {
      int64_t batch = model.batches(tokens, index)[1];
      Prediction predicted = model.predict(tile, batch, choice.strategy);
      auto rounded = [](double value) {
        return std::llround(std::min(value, 1e18));
      };
      remark::passed(op->getLoc(), named("Tile"))
          << remark::metric("op", op->getName().stripDialect())
          << remark::metric("strategy", stringifyStrategy(choice.strategy))
          << remark::metric("tokens", tile.getTokens())
          << remark::metric("features", tile.getFeatures())
          << remark::metric("warps", tile.getThreads() / 32)
          << remark::metric("stages", tile.getStages())
          << remark::metric("shared_bytes",
                            tile.getSharedBytes(elementBytes(op)))
          << remark::metric("batch", batch)
          << remark::metric("nanoseconds",
                            rounded(predicted.microseconds * 1000))
          << remark::metric("bytes", rounded(predicted.bytes))
          << remark::metric("flops", rounded(predicted.flops))
          << remark::metric("limiter", stringifyLimiter(predicted.limiter));
    }
  }

  ScheduleAttr makeSchedule(const Choice &choice) {
    return ScheduleAttr::get(&getContext(), choice.strategy, ReductionOrder::K,
                             choice.tiles);
  }
};

} // namespace
} // namespace moelora
