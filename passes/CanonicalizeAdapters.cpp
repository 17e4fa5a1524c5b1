// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Removes the deltas of tables without slots, and what only they need.

#include "mlir/IR/Remarks.h"
#include "moelora/passes/Passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moelora {
#define GEN_PASS_DEF_CANONICALIZEADAPTERS
#include "moelora/passes/Passes.h.inc"

namespace {

remark::RemarkOpts named(StringRef name) {
  return remark::RemarkOpts::name(name).category("canonicalize-adapters");
}

bool isEmpty(Value table) {
  return cast<SlotTableType>(table.getType()).getSlots() == 0;
}

/// Whether the delta of a table is removed, which a remark states.
bool removesDelta(Operation *op, Value table) {
  auto type = cast<SlotTableType>(table.getType());
  if (!isEmpty(table)) {
    remark::missed(op->getLoc(), named("Delta"))
        << remark::reason("the table has slots")
        << remark::metric("slots", type.getSlots());
    return false;
  }
  remark::passed(op->getLoc(), named("Delta"))
      << remark::add("the table has no slots")
      << remark::metric("slices", type.getSlices())
      << remark::metric("max_rank", type.getMaxRank());
  return true;
}

void removeDelta(LoraDeltaOp delta) {
  if (!removesDelta(delta, delta.getTable()))
    return;
  delta.replaceAllUsesWith(delta.getAccumulator());
  delta.erase();
}

void removeDelta(GroupedMatmulOp matmul) {
  if (!matmul.getTable() || !removesDelta(matmul, matmul.getTable()))
    return;
  auto shrink = matmul.getShrunk().getDefiningOp<ShrinkOp>();
  matmul.getShrunkMutable().clear();
  matmul.getTableMutable().clear();
  matmul.setGatherShrunk(false);
  if (!shrink || !shrink->use_empty())
    return;
  auto plan = shrink.getPlan().getDefiningOp<PlanOp>();
  shrink.erase();
  if (plan && plan->use_empty())
    plan.erase();
}

/// Plans of zero slots need no slots, and then nothing reads the result of
/// `resolve`, unless it is an op of another dialect.
void removeSlots(ResolveSlotsOp resolve) {
  for (Operation *user : llvm::to_vector(resolve.getSlots().getUsers())) {
    if (auto dispatch = dyn_cast<DispatchOp>(user))
      dispatch.getSlotsMutable().clear();
    if (auto plan = dyn_cast<PlanOp>(user))
      plan.getSlotsMutable().clear();
  }
  if (!resolve->use_empty()) {
    remark::missed(resolve.getLoc(), named("Slots"))
        << remark::reason("an op of another dialect reads the slots");
    return;
  }
  remark::passed(resolve.getLoc(), named("Slots"))
      << remark::add("no table has slots")
      << remark::metric("tables", resolve.getTables().size());
  resolve.erase();
}

/// Slot ids and tables that no op reads.
void removeArguments(LayerOp layer) {
  for (unsigned index = layer.getNumArguments(); index-- > 0;) {
    BlockArgument argument = layer.getBody().getArgument(index);
    Role role = layer.getRole(index);
    bool isTable = isa<SlotTableType>(argument.getType());
    if (!argument.use_empty() ||
        !(isTable ? isEmpty(argument) : role == Role::Slots))
      continue;
    remark::passed(layer.getLoc(), named("Argument"))
        << remark::metric("role", stringifyRole(role));
    (void)layer.eraseArgument(index);
  }
}

struct CanonicalizeAdapters
    : impl::CanonicalizeAdaptersBase<CanonicalizeAdapters> {
  void runOnOperation() override {
    LayerOp layer = getOperation();
    Region &body = layer.getBody();
    for (auto op : llvm::make_early_inc_range(body.getOps<LoraDeltaOp>()))
      removeDelta(op);
    for (auto op : llvm::to_vector(body.getOps<GroupedMatmulOp>()))
      removeDelta(op);
    for (auto op : llvm::to_vector(body.getOps<ResolveSlotsOp>()))
      if (llvm::all_of(op.getTables(), isEmpty))
        removeSlots(op);
    removeArguments(layer);
  }
};

} // namespace
} // namespace moelora
