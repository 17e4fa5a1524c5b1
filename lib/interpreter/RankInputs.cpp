// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts the inputs of a whole layer into those of its ranks.

#include "moelora/dialect/Cut.h"
#include "moelora/interpreter/Group.h"

using namespace mlir;

namespace moelora::interpreter {
namespace {

/// The indices along a dimension that a rank has. -1: an expert that it does
/// not have, although others have as many.
using Indices = SmallVector<int64_t>;

Indices range(int64_t begin, int64_t count) {
  return llvm::to_vector(llvm::seq(begin, begin + count));
}

class RankInputs {
public:
  RankInputs(LayerOp layer, int64_t rank) : layer(layer), rank(rank) {}

  Inputs cut(const Inputs &whole) {
    Inputs own;
    own.directory = whole.directory;
    own.indexBits = whole.indexBits;
    for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
      Role role = layer.getRole(index);
      if (role == Role::ExpertMap)
        own.arguments.push_back(expertMap());
      else if (auto table = dyn_cast<SlotTableType>(type))
        own.arguments.push_back(
            cut(role, table, std::get<Table>(whole.arguments[index])));
      else
        own.arguments.push_back(cut(role, cast<RankedTensorType>(type),
                                    std::get<Tensor>(whole.arguments[index])));
    }
    return own;
  }

  Tensor cut(Role role, RankedTensorType type, const Tensor &whole) {
    Tensor part;
    SmallVector<Indices> own;
    for (auto [dimension, sizes] :
         llvm::enumerate(llvm::zip_equal(type.getShape(), whole.shape))) {
      auto [local, size] = sizes;
      own.push_back(indices(role, unsigned(dimension), local, size));
      part.shape.push_back(int64_t(own.back().size()));
    }
    int64_t count = part.rows() * part.rowSize();
    for (int64_t i = 0; i < count; ++i)
      part.data.push_back(at(whole, own, i));
    return part;
  }

private:
  int64_t coordinate(Axis axis) { return grid.getCoordinate(rank, axis); }

  Tensor expertMap() {
    Tensor map;
    map.shape = layer.getExpertMap()->getShapedType().getShape().vec();
    for (int32_t place : layer.getExpertMap()->getValues<int32_t>())
      map.data.push_back(place);
    return map;
  }

  /// The experts in the order in which the rank has them.
  Indices experts(int64_t local) {
    if (!layer.getExpertMap())
      return range(coordinate(Axis::Ep) * local, local);
    Indices experts(size_t(local), -1);
    int64_t columns = layer.getExpertMap()->getShapedType().getDimSize(1);
    int64_t first = coordinate(Axis::Ep) * local;
    for (auto [index, place] :
         llvm::enumerate(layer.getExpertMap()->getValues<int32_t>()))
      if (place >= first && place < first + local)
        experts[size_t(place - first)] = int64_t(index) % columns;
    return experts;
  }

  /// Tokens are cut in the order of ranks, as evenly as possible.
  Indices tokens(int64_t count) {
    int64_t parts = 1, part = 0;
    for (Axis axis : {Axis::Dp, Axis::Ep, Axis::Tp})
      if (grid.cutsTokens(axis)) {
        parts *= grid.getSize(axis);
        part = part * grid.getSize(axis) + coordinate(axis);
      }
    int64_t begin = count * part / parts;
    return range(begin, count * (part + 1) / parts - begin);
  }

  Indices indices(Role role, unsigned dimension, int64_t local, int64_t size) {
    std::optional<Axis> axis = cutOf(role, dimension);
    if (ShapedType::isDynamic(local))
      return tokens(size);
    if (axis == Axis::Ep)
      return experts(local);
    return range(axis ? coordinate(*axis) * local : 0, local);
  }

  /// Element `i` of a part with these indices.
  static double at(const Tensor &whole, ArrayRef<Indices> own, int64_t i) {
    int64_t position = 0, step = 1;
    for (size_t d = own.size(); d-- > 0;) {
      int64_t index = own[d][size_t(i) % own[d].size()];
      if (index < 0)
        return 0;
      i /= int64_t(own[d].size());
      position += index * step;
      step *= whole.shape[d];
    }
    return whole.data[size_t(position)];
  }

  /// `rows` x `columns` of a matrix from an element on, borrowed.
  static reference::MatrixView partOf(const reference::MatrixView &whole,
                                      int64_t row, int64_t rows, int64_t column,
                                      int64_t columns) {
    auto *data = static_cast<const double *>(whole.data);
    return {whole.type, data + row * whole.stride + column, rows, columns,
            whole.stride};
  }

  /// The pairs of the experts that a rank has, of which A has the columns and B
  /// the rows that it has.
  Table cut(Role role, SlotTableType type, const Table &whole) {
    Table part;
    part.experts = type.getExperts();
    part.slices = type.getSlices();
    Indices own = indices(role, 0, type.getExperts(), whole.experts);
    int64_t out = indices(role, 2, type.getOut(), type.getOut()).front();
    int64_t in = indices(role, 3, type.getIn(), type.getIn()).front();
    for (int64_t slot = 0; slot < type.getSlots(); ++slot)
      for (int64_t expert : own)
        for (int64_t slice = 0; slice < part.slices; ++slice) {
          // No token has an expert that the rank lacks.
          int64_t there = std::max<int64_t>(expert, 0);
          reference::LoraPair pair = whole.pairs[size_t(
              (slot * whole.experts + there) * whole.slices + slice)];
          if (int64_t rank = pair.rank()) {
            pair.a = partOf(pair.a, 0, rank, in, type.getIn());
            pair.b = partOf(pair.b, out, type.getOut(), 0, rank);
          }
          part.pairs.push_back(pair);
        }
    return part;
  }

  LayerOp layer;
  int64_t rank;
  GridAttr grid = *layer.getGrid();
};

} // namespace

Tensor rowsOfRank(LayerOp layer, const Tensor &whole, int64_t rank) {
  auto type = cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType());
  return RankInputs(layer, rank).cut(Role::Hidden, type, whole);
}

Inputs inputsOfRank(LayerOp layer, const Inputs &whole, int64_t rank) {
  return RankInputs(layer, rank).cut(whole);
}

} // namespace moelora::interpreter
