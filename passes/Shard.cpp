// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts the arguments of a layer, and follows partial sums through its body to
// where ranks add them up.

#include "CutLayer.h"
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
  Body(LayerOp layer, Cut parts)
      : layer(layer), parts(parts),
        tp(AxesAttr::get(layer.getContext(), Axis::Tp)) {}

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
    if (!argument)
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

  LogicalResult cut(CombineOp op) {
    for (Value whole : {op.getWeights(), op.getIdentity(),
                        op.getIdentityWeights(), op.getScore()})
      if (whole && isPartial(whole))
        return checkReads(op);
    bool hasPartialShared = op.getShared() && isPartial(op.getShared());
    if (isPartial(op.getRows())) {
      if (op.getShared() && !hasPartialShared)
        return op.emitOpError("expects a shared expert that is cut as the "
                              "routed ones are");
      reduceAfter(op);
    } else if (hasPartialShared) {
      OpBuilder builder(op);
      op.getSharedMutable().assign(
          reduce(builder, op.getLoc(), op.getShared()));
    }
    return success();
  }

  Value reduce(OpBuilder &builder, Location loc, Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    remark::passed(loc, named("Reduce"))
        << remark::metric("columns", type.getShape().back());
    return ReduceOp::create(builder, loc, type, value, tp);
  }

  /// Partial sums travel in f32, and are rounded once.
  void reduceAfter(CombineOp op) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    RankedTensorType rounded = op.getResult().getType();
    op.getResult().setType(resultOfPart(rounded, parts));
    Value sum = reduce(builder, op.getLoc(), op.getResult());
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

  LayerOp layer;
  Cut parts;
  AxesAttr tp;
  DenseSet<Value> partial; // sums of one rank
};

struct Shard : impl::ShardBase<Shard> {
  using ShardBase::ShardBase;

  void runOnOperation() override {
    LayerOp layer = getOperation();
    auto grid =
        GridAttr::getChecked([&] { return layer.emitOpError(); }, &getContext(),
                             int64_t(1), int64_t(1), tp.getValue());
    if (!grid)
      return signalPassFailure();
    if (grid.getRanks() == 1)
      return;
    if (failed(shard(layer, grid)))
      signalPassFailure();
  }

  LogicalResult shard(LayerOp layer, GridAttr grid) {
    if (layer.getGrid())
      return layer.emitOpError("expects a layer that is not cut, but it has a "
                               "grid");
    Cut parts{grid.getEp(), grid.getTp()};
    std::string why;
    if (!cutArguments(layer, parts, why))
      return layer.emitOpError()
             << "expects a grid that divides its arguments, but it has " << why;
    layer.setGridAttr(grid);
    return Body(layer, parts).cut();
  }
};

} // namespace
} // namespace moelora
