// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs all ranks of a layer with a grid in step.

#include "moelora/interpreter/Group.h"
#include "CheckInputs.h"
#include "Rank.h"
#include "moelora/dialect/RowAxes.h"

using namespace mlir;

namespace moelora::interpreter {
namespace {

/// All ranks of a layer, op by op.
class Ranks {
public:
  Ranks(LayerOp layer, const std::vector<Inputs> &inputs, Mode mode)
      : mode(mode), grid(*layer.getGrid()) {
    unsigned hidden = layer.getArgument(Role::Hidden).getArgNumber();
    for (const Inputs &own : inputs)
      tokens.push_back(std::get<Tensor>(own.arguments[hidden]).rows());
    for (auto [number, own] : llvm::enumerate(inputs)) {
      places.push_back(Place(grid, int64_t(number), tokens));
      ranks.emplace_back(layer, own, mode, places.back());
    }
  }

  LogicalResult evaluate(Operation *op) {
    if (auto gather = dyn_cast<AllGatherOp>(op))
      return evaluate(gather);
    if (auto reduce = dyn_cast<ReduceOp>(op))
      return evaluate(reduce);
    for (Rank &rank : ranks)
      if (failed(rank.evaluate(op)))
        return failure();
    return success();
  }

  std::vector<Tensor> outputs(Value value) const {
    std::vector<Tensor> outputs;
    for (const Rank &rank : ranks)
      outputs.push_back(rank.tensor(value));
    return outputs;
  }

  /// Ranks that differ only in axes that do not cut tokens have the same.
  LogicalResult checkTokens(LayerOp layer) const {
    for (size_t rank = 0; rank < tokens.size(); ++rank) {
      SmallVector<Axis> shared;
      for (Axis axis : {Axis::Ep, Axis::Tp})
        if (!grid.cutsTokens(axis))
          shared.push_back(axis);
      if (shared.empty())
        return success();
      auto axes = AxesAttr::get(layer.getContext(), shared);
      for (int64_t other : places[rank].members(axes))
        if (tokens[size_t(other)] != tokens[rank])
          return layer.emitOpError()
                 << "expects ranks with the same tokens, but rank " << rank
                 << " has " << tokens[rank] << " and rank " << other << " has "
                 << tokens[size_t(other)];
    }
    return success();
  }

private:
  LogicalResult evaluate(AllGatherOp op) {
    for (auto [input, result] :
         llvm::zip_equal(op.getInputs(), op.getResults()))
      for (size_t own = 0; own < ranks.size(); ++own) {
        Tensor all;
        all.shape = ranks[own].tensor(input).shape;
        all.shape[0] = 0;
        for (int64_t member : places[own].members(op.getAxes())) {
          const Tensor &rows = ranks[size_t(member)].tensor(input);
          all.shape[0] += rows.rows();
          llvm::append_range(all.data, rows.data);
        }
        (void)ranks[own].set(result, std::move(all));
      }
    return success();
  }

  LogicalResult evaluate(ReduceOp op) {
    AxesAttr keep = op.getKeepAttr();
    for (size_t own = 0; own < ranks.size(); ++own) {
      std::vector<const Tensor *> partials;
      for (int64_t member : places[own].members(op.getAxes()))
        partials.push_back(&ranks[size_t(member)].tensor(op.getPartial()));
      // Members have the rows of all coordinates of `keep`.
      Rows rows =
          keep ? places[own].ownRows(keep, keep) : Rows{0, partials[0]->rows()};
      int64_t all = places[own].countRows(keep);
      for (const Tensor *partial : partials)
        if (partial->rows() != all)
          return op.emitOpError()
                 << "expects the partial sums of each rank to have the same "
                    "rows, but they have "
                 << all << " and " << partial->rows();
      sums.push_back(reduce(op, partials, rows, mode));
    }
    for (size_t own = 0; own < ranks.size(); ++own)
      (void)ranks[own].set(op.getSum(), std::move(sums[own]));
    sums.clear();
    return success();
  }

  Mode mode;
  GridAttr grid;
  std::vector<int64_t> tokens;
  std::deque<Place> places;
  std::deque<Rank> ranks;
  std::vector<Tensor> sums;
};

} // namespace

FailureOr<std::vector<Tensor>>
interpretGroup(LayerOp layer, const std::vector<Inputs> &inputs, Mode mode,
               const std::function<void()> &afterOp) {
  std::optional<GridAttr> grid = layer.getGrid();
  if (!grid || size_t(grid->getRanks()) != inputs.size())
    return layer.emitOpError()
           << "expects a grid of as many ranks as there are inputs, "
           << inputs.size() << ", but it "
           << (grid ? "has " + std::to_string(grid->getRanks()) : "has none");
  for (const Inputs &own : inputs)
    if (failed(checkInputs(layer, own)))
      return failure();
  Ranks ranks(layer, inputs, mode);
  if (failed(ranks.checkTokens(layer)))
    return failure();
  Block &body = layer.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (failed(ranks.evaluate(&op)))
      return failure();
    if (afterOp)
      afterOp();
  }
  return ranks.outputs(body.getTerminator()->getOperand(0));
}

} // namespace moelora::interpreter
