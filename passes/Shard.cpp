// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts the arguments of a layer, and follows partial sums through its body to
// where ranks add them up.

#include "CutLayer.h"
#include "ExpertMap.h"
#include "GatherTokens.h"
#include "mlir/IR/Remarks.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_SHARD
#include "moelora/passes/Passes.h.inc"

namespace {

remark::RemarkOpts named(StringRef name) {
  return remark::RemarkOpts::name(name).category("shard");
}

/// The body of a layer whose arguments have the types of one rank.
class Body {
public:
  Body(LayerOp layer, Cut parts, bool leavesSum)
      : layer(layer), parts(parts), grid(*layer.getGrid()),
        leavesSum(leavesSum) {}

  LogicalResult cut() {
    for (Operation &op : llvm::make_early_inc_range(layer.getBody().front())) {
      retype(&op, parts);
      if (failed(cut(&op)))
        return failure();
    }
    return success();
  }

private:
  LogicalResult cut(Operation *op) {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case<ExpertGemmOp, LoraDeltaOp, CombineOp>(
            [&](auto op) { return cut(op); })
        .Default([&](Operation *op) { return checkReads(op); });
  }

  bool isPartial(Value value) const { return partial.contains(value); }

  /// Whether ranks have parts of the columns that a matrix sums over.
  bool cutsSum(Value matrix) {
    auto argument = dyn_cast<BlockArgument>(matrix);
    if (!argument || grid.getTp() == 1)
      return false;
    constexpr int64_t tableRank = 4; // experts, slices, out, in
    auto tensor = dyn_cast<RankedTensorType>(argument.getType());
    int64_t rank = tensor ? tensor.getRank() : tableRank;
    return cutOf(layer.getRole(argument.getArgNumber()), unsigned(rank - 1)) ==
           Axis::Tp;
  }

  LogicalResult checkReads(Operation *op) {
    for (Value operand : op->getOperands())
      if (isPartial(operand))
        return op->emitOpError("expects whole sums, but it reads the partial "
                               "sums of ranks");
    return success();
  }

  LogicalResult cut(ExpertGemmOp op) {
    if (failed(checkReads(op)))
      return failure();
    if (!cutsSum(op.getWeight()))
      return success();
    partial.insert(op.getResult());
    op.setOnce(bool(op.getBias()));
    return success();
  }

  /// Base and delta share one sum.
  LogicalResult cut(LoraDeltaOp op) {
    if (isPartial(op.getInput()) ||
        isPartial(op.getAccumulator()) != cutsSum(op.getTable()))
      return op.emitOpError("expects a delta that is cut as its base is");
    if (isPartial(op.getAccumulator()))
      partial.insert(op.getResult());
    return success();
  }

  /// Ranks along ep have the pairs of other experts.
  bool isOfExperts(CombineOp op) const {
    auto plan = op.getPlan().getDefiningOp<DispatchOp>();
    return grid.getEp() > 1 && plan && plan.getIds();
  }

  LogicalResult cut(CombineOp op) {
    for (Value whole : {op.getWeights(), op.getIdentity(),
                        op.getIdentityWeights(), op.getScore()})
      if (whole && isPartial(whole))
        return checkReads(op);
    bool hasPartialShared = op.getShared() && isPartial(op.getShared());
    if (isPartial(op.getRows()) || isOfExperts(op)) {
      if (op.getShared() && hasPartialShared != isPartial(op.getRows()))
        return op.emitOpError("expects a shared expert that is cut as the "
                              "routed ones are");
      addSharedOnce(op);
      if (leavesSum)
        return yieldPartial(op);
      reduceAfter(op);
    } else if (hasPartialShared) {
      OpBuilder builder(op);
      op.getSharedMutable().assign(
          reduce(builder, op.getLoc(), op.getShared(), axes(false, true)));
    }
    return success();
  }

  AxesAttr axes(bool ep, bool tp) {
    return axesOf(layer.getContext(), ep && grid.getEp() > 1,
                  tp && grid.getTp() > 1);
  }

  /// Ranks along ep have the same shared expert, and add it to their own tokens
  /// if ep cuts these.
  void addSharedOnce(CombineOp op) {
    if (!op.getShared() || grid.getEp() == 1)
      return;
    if (grid.cutsTokens(Axis::Ep))
      op.setOwnAttr(axes(true, false));
    else
      op.setSharedOnce(true);
  }

  /// The rows of this rank, of the sum over `over`.
  Value reduce(OpBuilder &builder, Location loc, Value value, AxesAttr over) {
    auto type = cast<RankedTensorType>(value.getType());
    remark::passed(loc, named("Reduce"))
        << remark::metric("columns", type.getShape().back());
    AxesAttr keep = axes(over.has(Axis::Ep) && grid.cutsTokens(Axis::Ep),
                         over.has(Axis::Tp) && grid.cutsTokens(Axis::Tp));
    return ReduceOp::create(builder, loc, type, value, over, keep);
  }

  /// Partial sums travel in f32, and are rounded once.
  void reduceAfter(CombineOp op) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    RankedTensorType rounded = op.getResult().getType();
    op.getResult().setType(resultOfPart(rounded, parts));
    Value sum = reduce(builder, op.getLoc(), op.getResult(), axes(true, true));
    auto finish =
        FinishOp::create(builder, op.getLoc(), rounded, sum, op.getIdentity(),
                         op.getIdentityWeights(),
                         op.getIdentity() ? op.getRoutedScaleAttr()
                                          : builder.getF32FloatAttr(1));
    op.getIdentityMutable().clear();
    op.getIdentityWeightsMutable().clear();
    op.getResult().replaceAllUsesExcept(finish.getResult(),
                                        sum.getDefiningOp());
  }

  /// The caller adds up and rounds.
  LogicalResult yieldPartial(CombineOp op) {
    if (op.getIdentity())
      return op.emitOpError("expects no identity rows where the layer yields "
                            "partial sums, because every rank would add them");
    for (Operation *user : op.getResult().getUsers())
      if (!isa<YieldOp>(user))
        return user->emitOpError("expects the whole sum, but with partial the "
                                 "layer yields the sum of each rank");
    op.getResult().setType(resultOfPart(op.getResult().getType(), parts));
    layer.setFunctionType(FunctionType::get(layer.getContext(),
                                            layer.getArgumentTypes(),
                                            op.getResult().getType()));
    return success();
  }

  LayerOp layer;
  Cut parts;
  GridAttr grid;
  bool leavesSum;          // to the caller
  DenseSet<Value> partial; // sums of one rank along tp
};

struct Shard : impl::ShardBase<Shard> {
  using ShardBase::ShardBase;

  bool canScheduleOn(RegisteredOperationName name) const override {
    return name.getStringRef() == ModuleOp::getOperationName() ||
           name.getStringRef() == LayerOp::getOperationName();
  }

  void runOnOperation() override {
    auto cut = [&](LayerOp layer) {
      FailureOr<GridAttr> grid = makeGrid(layer);
      if (failed(grid) || (grid->getRanks() > 1 && failed(shard(layer, *grid))))
        signalPassFailure();
      return WalkResult::skip();
    };
    getOperation()->walk<WalkOrder::PreOrder>(cut);
  }

  FailureOr<GridAttr> makeGrid(LayerOp layer) {
    if (scheme != "replicated" && scheme != "allgather")
      return layer.emitOpError()
             << "expects the scheme replicated or allgather, "
                "but it is \""
             << scheme.getValue() << "\"";
    AxesAttr tokens = axesOf(&getContext(), ep > 1 && scheme == "allgather",
                             tp > 1 && sequenceParallel);
    auto grid = GridAttr::getChecked([&] { return layer.emitOpError(); },
                                     &getContext(), dp.getValue(),
                                     ep.getValue(), tp.getValue(), tokens);
    if (!grid)
      return failure();
    return grid;
  }

  LogicalResult shard(LayerOp layer, GridAttr grid) {
    if (layer.getGrid() || layer.getArgument(Role::ExpertMap))
      return layer.emitOpError()
             << "expects a layer that is not cut, but it has a "
             << (layer.getGrid() ? "grid" : "map of experts");
    Cut parts = Cut::ofGrid(grid.getEp(), grid.getTp());
    if (failed(mapExperts(layer, grid, parts)))
      return failure();
    std::string why;
    if (!cutArguments(layer, parts, why))
      return layer.emitOpError()
             << "expects a grid that divides its arguments, but it has " << why;
    layer.setGridAttr(grid);
    if (grid.getTokens() && partial)
      return layer.emitOpError()
             << "expects ranks with the same tokens for partial, but the grid "
             << grid << " cuts tokens";
    if (grid.getTokens() && failed(gatherTokens(layer)))
      return failure();
    return Body(layer, parts, partial && grid.getEp() * grid.getTp() > 1).cut();
  }

  /// The layer gets a map of its experts as an argument.
  LogicalResult mapExperts(LayerOp layer, GridAttr grid, Cut &parts) {
    if (grid.getEp() == 1)
      return success();
    DispatchOp routed = routedDispatch(layer);
    if (!routed)
      return layer.emitOpError("expects a dispatch of expert ids for ep, but "
                               "there is none");
    FailureOr<ExpertMap> map = placeExperts(
        expertMap, routed.getPlan().getType().getExperts(), grid.getEp(),
        &getContext(), [&] { return layer.emitOpError(); });
    if (failed(map))
      return failure();
    parts.localExperts = map->localExperts;
    layer.setExpertMapAttr(map->places);
    return addExpertMap(layer, routed, map->places.getType());
  }
};

} // namespace
} // namespace moelora
