// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs all ranks of a layer with a grid in step.

#include "moelora/interpreter/Group.h"
#include "CheckInputs.h"
#include "Rank.h"
#include "moelora/dialect/Cut.h"

using namespace mlir;

namespace moelora::interpreter {
namespace {

using Ranks = std::deque<Rank>;

/// Whether two ranks have the same coordinates but along `axes`.
bool areMembers(GridAttr grid, AxesAttr axes, int64_t a, int64_t b) {
  return llvm::all_of(
      ArrayRef<Axis>{Axis::Dp, Axis::Ep, Axis::Tp}, [&](Axis axis) {
        return llvm::is_contained(axes.getAxes(), axis) ||
               grid.getCoordinate(a, axis) == grid.getCoordinate(b, axis);
      });
}

LogicalResult evaluate(ReduceOp op, GridAttr grid, Ranks &ranks, Mode mode) {
  std::vector<Tensor> sums;
  for (size_t own = 0; own < ranks.size(); ++own) {
    std::vector<const Tensor *> partials;
    for (size_t other = 0; other < ranks.size(); ++other)
      if (areMembers(grid, op.getAxes(), int64_t(own), int64_t(other)))
        partials.push_back(&ranks[other].tensor(op.getPartial()));
    for (const Tensor *partial : partials)
      if (partial->shape != partials[0]->shape)
        return op.emitOpError()
               << "expects the ranks to have the same tokens, "
                  "but they have "
               << partials[0]->rows() << " and " << partial->rows();
    sums.push_back(reduce(op, partials, mode));
  }
  for (size_t own = 0; own < ranks.size(); ++own)
    (void)ranks[own].set(op.getSum(), std::move(sums[own]));
  return success();
}

LogicalResult run(Operation *op, GridAttr grid, Ranks &ranks, Mode mode) {
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return evaluate(reduce, grid, ranks, mode);
  for (Rank &rank : ranks)
    if (failed(rank.evaluate(op)))
      return failure();
  return success();
}

FailureOr<std::vector<Tensor>> runRanks(LayerOp layer, GridAttr grid,
                                        const std::vector<Inputs> &inputs,
                                        Mode mode,
                                        const std::function<void()> &afterOp) {
  Ranks ranks;
  for (auto [number, own] : llvm::enumerate(inputs)) {
    if (failed(checkInputs(layer, own)))
      return failure();
    ranks.emplace_back(layer, own, mode, int64_t(number));
  }
  Block &body = layer.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (failed(run(&op, grid, ranks, mode)))
      return failure();
    if (afterOp)
      afterOp();
  }
  std::vector<Tensor> outputs;
  for (const Rank &rank : ranks)
    outputs.push_back(rank.tensor(body.getTerminator()->getOperand(0)));
  return outputs;
}

/// The index of the first element that a rank has along a dimension.
int64_t beginOf(GridAttr grid, int64_t rank, Role role, unsigned dimension,
                int64_t size) {
  std::optional<Axis> axis = cutOf(role, dimension);
  return axis ? grid.getCoordinate(rank, *axis) * size : 0;
}

Tensor partOf(const Tensor &whole, ArrayRef<int64_t> begin,
              ArrayRef<int64_t> shape) {
  Tensor part;
  part.shape.assign(shape.begin(), shape.end());
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, at = 0, step = 1;
    for (size_t d = shape.size(); d-- > 0;) {
      at += (begin[d] + rest % shape[d]) * step;
      rest /= shape[d];
      step *= whole.shape[d];
    }
    part.data.push_back(whole.data[size_t(at)]);
  }
  return part;
}

/// `rows` x `columns` of a matrix from an element on, borrowed.
reference::MatrixView partOf(const reference::MatrixView &whole, int64_t row,
                             int64_t rows, int64_t column, int64_t columns) {
  auto *data = static_cast<const double *>(whole.data);
  return {whole.type, data + row * whole.stride + column, rows, columns,
          whole.stride};
}

/// The pairs of the experts that a rank has, of which A has the columns and B
/// the rows that it has.
Table partOf(const Table &whole, ArrayRef<int64_t> begin, SlotTableType type) {
  Table part;
  part.experts = type.getExperts();
  part.slices = type.getSlices();
  for (int64_t slot = 0; slot < type.getSlots(); ++slot)
    for (int64_t e = 0; e < part.experts; ++e)
      for (int64_t slice = 0; slice < part.slices; ++slice) {
        reference::LoraPair pair = whole.pairs[size_t(
            (slot * whole.experts + begin[0] + e) * whole.slices + slice)];
        if (int64_t rank = pair.rank()) {
          pair.a = partOf(pair.a, 0, rank, begin[3], type.getIn());
          pair.b = partOf(pair.b, begin[2], type.getOut(), 0, rank);
        }
        part.pairs.push_back(pair);
      }
  return part;
}

} // namespace

Inputs inputsOfRank(LayerOp layer, const Inputs &whole, int64_t rank) {
  Inputs own;
  own.directory = whole.directory;
  own.indexBits = whole.indexBits;
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    Role role = layer.getRole(index);
    const Datum &datum = whole.arguments[index];
    SmallVector<int64_t> begin, shape;
    auto add = [&](int64_t size) {
      begin.push_back(
          beginOf(*layer.getGrid(), rank, role, unsigned(shape.size()), size));
      shape.push_back(size);
    };
    if (auto table = dyn_cast<SlotTableType>(type)) {
      for (int64_t size : {table.getExperts(), table.getSlices(),
                           table.getOut(), table.getIn()})
        add(size);
      own.arguments.push_back(partOf(std::get<Table>(datum), begin, table));
      continue;
    }
    const auto &tensor = std::get<Tensor>(datum);
    for (auto [local, size] :
         llvm::zip_equal(cast<RankedTensorType>(type).getShape(), tensor.shape))
      add(ShapedType::isDynamic(local) ? size : local);
    own.arguments.push_back(partOf(tensor, begin, shape));
  }
  return own;
}

FailureOr<std::vector<Tensor>>
interpretGroup(LayerOp layer, const std::vector<Inputs> &inputs, Mode mode,
               const std::function<void()> &afterOp) {
  std::optional<GridAttr> grid = layer.getGrid();
  if (!grid || size_t(grid->getRanks()) != inputs.size())
    return layer.emitOpError()
           << "expects a grid of as many ranks as there are inputs, "
           << inputs.size() << ", but it "
           << (grid ? "has " + std::to_string(grid->getRanks()) : "has none");
  return runRanks(layer, *grid, inputs, mode, afterOp);
}

} // namespace moelora::interpreter
