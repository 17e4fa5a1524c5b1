// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rows that ops between ranks read and make.

#include "RowKinds.h"
#include "moelora/dialect/RowAxes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moelora;

static const RowKind perToken = {RowKind::PerToken};

/// (C13)
bool RowKinds::check(AllGatherOp op) {
  std::optional<GridAttr> grid = layer.getGrid();
  for (Axis axis : op.getAxes().getAxes())
    if (grid && !grid->cutsTokens(axis)) {
      op.emitOpError() << "expects axes that cut the tokens of its layer, but "
                       << stringifyAxis(axis) << " does not";
      return false;
    }
  for (auto [input, result] :
       llvm::zip_equal(op.getInputs(), op.getResults())) {
    auto found = kinds.find(input);
    if (found == kinds.end())
      continue;
    RowKind kind = found->second;
    bool hasTokens =
        kind.content == RowKind::PerToken || kind.content == RowKind::SlotIds ||
        kind.content == RowKind::TokenIds || kind.content == RowKind::ExpertIds;
    if (!hasTokens || kind.axes)
      return expect(op, "an input", input, perToken);
    set(result, kind);
  }
  return true;
}

/// (C13): `own` are all of the axes or the first, so that its rows are
/// adjacent.
bool RowKinds::checkOwn(Operation *op, AxesAttr gathered, AxesAttr own) {
  if (gathered &&
      (own == gathered || own.getAxes() == gathered.getAxes().take_front()))
    return true;
  InFlightDiagnostic diagnostic =
      op->emitOpError()
      << "expects own rows along all axes over which rows are "
         "gathered, or along the first of them, but the rows "
         "are ";
  if (!gathered) {
    diagnostic << "not gathered";
    return false;
  }
  diagnostic << "gathered over <";
  llvm::interleaveComma(gathered.getAxes(), diagnostic,
                        [&](Axis axis) { diagnostic << stringifyAxis(axis); });
  diagnostic << '>';
  return false;
}

bool RowKinds::check(OwnOp op) {
  auto found = kinds.find(op.getGathered());
  if (found == kinds.end())
    return true;
  RowKind kind = found->second;
  return checkOwn(op, kind.axes, op.getAxes()) && set(op.getResult(), kind);
}

bool RowKinds::check(ReduceOp op) {
  return expect(op, "the partial sums", op.getPartial(),
                perToken.over(op.getKeepAttr())) &&
         set(op.getSum(), perToken);
}

bool RowKinds::check(FinishOp op) {
  RowKind rows = perToken.over(gatheredOver(op.getSum()));
  return expect(op, "the sum", op.getSum(), rows) &&
         expect(op, "the identity rows", op.getIdentity(), rows) &&
         expect(op, "the identity weights", op.getIdentityWeights(), rows) &&
         set(op.getResult(), rows);
}

/// Whether what an op does depends on the coordinates of the rank.
static bool dependsOnRank(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<AllGatherOp, OwnOp, ReduceOp>([](auto) { return true; })
      .Case<DispatchOp, PlanOp>([](auto op) { return bool(op.getOver()); })
      .Case([](ExpertGemmOp op) { return op.getOnce(); })
      .Case([](CombineOp op) { return op.getOwn() || op.getSharedOnce(); })
      .Case([](GroupedMatmulOp op) {
        return op.getOnce() || op.getOwn() || op.getSharedOnce();
      })
      .Default(false);
}

/// (C12): ranks have coordinates in a grid.
bool RowKinds::checkGrid(Operation *op) {
  if (layer.getGrid() || !dependsOnRank(op))
    return true;
  op->emitOpError("expects its layer to have a grid of ranks, but it has none");
  return false;
}
