// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "GatherTokens.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "moelora/dialect/Cut.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora {

AxesAttr axesOf(MLIRContext *context, bool ep, bool tp) {
  SmallVector<Axis> axes;
  if (ep)
    axes.push_back(Axis::Ep);
  if (tp)
    axes.push_back(Axis::Tp);
  return axes.empty() ? AxesAttr() : AxesAttr::get(context, axes);
}

namespace {

class Gather {
public:
  Gather(LayerOp layer, DispatchOp routed)
      : layer(layer), routed(routed), axes(layer.getGrid()->getTokens()),
        own(axesOf(layer.getContext(), axes.has(Axis::Ep), false)),
        shared(axesOf(layer.getContext(), false, axes.has(Axis::Tp))) {}

  void run() {
    gatherSlots();
    gatherOperands();
    if (shared)
      for (auto op : llvm::to_vector(layer.getBody().getOps<CombineOp>()))
        gatherShared(op);
    eraseDead();
  }

private:
  /// Ids travel, and are resolved on arrival.
  void gatherSlots() {
    auto ops = layer.getBody().getOps<ResolveSlotsOp>();
    if (ops.empty())
      return;
    ResolveSlotsOp resolve = *ops.begin();
    OpBuilder builder(resolve);
    resolve.getIdsMutable().assign(gather(builder, resolve.getIds()));
    builder.setInsertionPointAfter(resolve);
    slots = resolve.getSlots();
    ownSlots = OwnOp::create(builder, resolve.getLoc(), slots, axes);
    slots.replaceAllUsesExcept(ownSlots, ownSlots.getDefiningOp());
    routed.getSlotsMutable().assign(slots);
  }

  Value gather(OpBuilder &builder, Value rows) {
    return gather(builder, ValueRange{rows}, axes)[0];
  }

  ResultRange gather(OpBuilder &builder, ValueRange rows, AxesAttr over) {
    auto op = AllGatherOp::create(builder, rows.front().getLoc(), rows, over);
    int64_t bits = 0;
    for (Value value : rows) {
      auto type = cast<RankedTensorType>(value.getType());
      int64_t elements = type.getRank() == 2 ? type.getDimSize(1) : 1;
      bits += elements * type.getElementTypeBitWidth();
    }
    remark::passed(op.getLoc(),
                   remark::RemarkOpts::name("AllGather").category("shard"))
        << remark::metric("row_bytes", bits / 8);
    return op.getResults();
  }

  /// The operands with a row per token of an op over the routed plan.
  SmallVector<OpOperand *> tokenOperands(Operation *user) {
    SmallVector<OpOperand *> found;
    auto add = [&](MutableOperandRange range) {
      for (OpOperand &operand : range)
        found.push_back(&operand);
    };
    llvm::TypeSwitch<Operation *>(user)
        .Case<ExpertGemmOp, LoraDeltaOp>([&](auto op) {
          if (op.getGather())
            found.push_back(&op.getInputMutable());
        })
        .Case([&](ActivationOp op) { add(op.getInputWeightsMutable()); })
        .Case([&](CombineOp op) { add(op.getWeightsMutable()); });
    return found;
  }

  void gatherOperands() {
    Operation *first = nullptr;
    llvm::SetVector<Value> rows;
    SmallVector<OpOperand *> operands;
    for (Operation &op : layer.getBody().front()) {
      if (!llvm::is_contained(op.getOperands(), routed.getPlan()))
        continue;
      first = first ? first : &op;
      for (OpOperand *operand : tokenOperands(&op)) {
        rows.insert(operand->get());
        operands.push_back(operand);
      }
    }
    rows.insert(routed.getIds());
    OpBuilder builder(first ? first : routed);
    auto gathered = gather(builder, rows.getArrayRef(), axes);
    for (auto [row, all] : llvm::zip_equal(rows, gathered))
      everywhere[row] = all;
    for (OpOperand *operand : operands)
      operand->set(everywhere.at(operand->get()));
    routed.getIdsMutable().assign(everywhere.at(routed.getIds()));
    if (first)
      routed->moveBefore(first);
  }

  /// The rows of the ranks along tp.
  Value alongTp(OpBuilder &builder, Value rows) {
    if (Value all = everywhere.lookup(rows))
      return ofOwnExperts(builder, all);
    return gather(builder, ValueRange{rows}, shared)[0];
  }

  Value ofOwnExperts(OpBuilder &builder, Value all) {
    return own ? OwnOp::create(builder, all.getLoc(), all, own).getResult()
               : all;
  }

  /// `value` computed from the rows of the ranks along tp.
  Value cloneAlongTp(OpBuilder &builder, Value value, IRMapping &clones) {
    if (Value known = clones.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    Value clone;
    if (value == ownSlots)
      clone = ofOwnExperts(builder, slots);
    else if (!op)
      clone = hasRows(value) ? alongTp(builder, value) : value;
    else {
      for (Value operand : op->getOperands())
        cloneAlongTp(builder, operand, clones);
      Operation *copy = builder.clone(*op, clones);
      if (auto plan = dyn_cast<DispatchOp>(copy); plan && !plan.getSlots())
        plan.setOverAttr(shared);
      clone = copy->getResult(0);
    }
    clones.map(value, clone);
    return clone;
  }

  static bool hasRows(Value argument) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    return type && type.isDynamicDim(0);
  }

  /// Behind a latent projection, the sum of the shared expert has this rank's
  /// rows, and so has its score.
  void gatherShared(CombineOp op) {
    if (!op.getShared())
      return;
    OpBuilder builder(op);
    IRMapping clones;
    op.getSharedMutable().assign(cloneAlongTp(builder, op.getShared(), clones));
    if (op.getScore() && op.getPlan() == routed.getPlan())
      op.getScoreMutable().assign(cloneAlongTp(builder, op.getScore(), clones));
  }

  void eraseDead() {
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(layer.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

  LayerOp layer;
  DispatchOp routed;
  AxesAttr axes;   // that cut the tokens
  AxesAttr own;    // of these, those before tp
  AxesAttr shared; // tp, if it cuts tokens
  Value slots, ownSlots;
  llvm::DenseMap<Value, Value> everywhere; // gathered rows
};

} // namespace

LogicalResult gatherTokens(LayerOp layer) {
  DispatchOp routed = routedDispatch(layer);
  if (!routed)
    return layer.emitOpError("expects a dispatch of expert ids, whose tokens "
                             "are gathered, but there is none");
  Gather(layer, routed).run();
  return success();
}

} // namespace moelora
