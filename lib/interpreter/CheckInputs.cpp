// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares the types of the IR with the data, dimension by dimension.

#include "CheckInputs.h"

#include <limits>

using namespace mlir;

namespace moelora::interpreter {

static bool isWhole(double value) {
  using Limits = std::numeric_limits<int32_t>;
  return value >= Limits::min() && value <= Limits::max() &&
         value == static_cast<int32_t>(value);
}

static bool fits(const Datum &datum, RankedTensorType type) {
  auto *tensor = std::get_if<Tensor>(&datum);
  if (!tensor || int64_t(tensor->shape.size()) != type.getRank())
    return false;
  for (auto [found, wanted] : llvm::zip(tensor->shape, type.getShape()))
    if (found < 0 || (wanted != ShapedType::kDynamic && found != wanted))
      return false;
  if (int64_t(tensor->data.size()) != tensor->rows() * tensor->rowSize())
    return false;
  return !type.getElementType().isInteger() ||
         llvm::all_of(tensor->data, isWhole);
}

static bool fits(const reference::LoraPair &pair, SlotTableType type) {
  int64_t rank = pair.rank();
  return rank == 0 ||
         (rank <= type.getMaxRank() && pair.b.columns == rank &&
          pair.a.columns == type.getIn() && pair.b.rows == type.getOut());
}

static bool areEqual(const reference::MatrixView &a,
                     const reference::MatrixView &b) {
  if (a.rows != b.rows)
    return false;
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t column = 0; column < a.columns; ++column)
      if (a.at(row, column) != b.at(row, column))
        return false;
  return true;
}

/// Whether A and scale of each slot and slice are those of its first expert.
static bool sharesA(const Table &table) {
  int64_t ofSlot = table.experts * table.slices;
  for (auto [index, pair] : llvm::enumerate(table.pairs)) {
    int64_t slot = int64_t(index) / ofSlot,
            slice = int64_t(index) % table.slices;
    const auto &first = table.pairs[size_t(slot * ofSlot + slice)];
    if (!areEqual(pair.a, first.a) ||
        (pair.rank() > 0 && pair.scale != first.scale))
      return false;
  }
  return true;
}

static bool fits(const Datum &datum, SlotTableType type) {
  auto *table = std::get_if<Table>(&datum);
  int64_t pairs = type.getSlots() * type.getExperts() * type.getSlices();
  return table && table->experts == type.getExperts() &&
         table->slices == type.getSlices() &&
         int64_t(table->pairs.size()) == pairs &&
         llvm::all_of(table->pairs,
                      [&](auto &pair) { return fits(pair, type); }) &&
         (!type.sharesA() || sharesA(*table));
}

static bool fits(const Datum &datum, Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return fits(datum, tensor);
  auto table = dyn_cast<SlotTableType>(type);
  return table && fits(datum, table);
}

LogicalResult checkInputs(LayerOp layer, const Inputs &inputs) {
  ArrayRef<Type> types = layer.getArgumentTypes();
  if (inputs.arguments.size() != types.size())
    return layer.emitOpError()
           << "expects data for " << types.size() << " arguments, but there is "
           << inputs.arguments.size();
  for (auto [index, type] : llvm::enumerate(types))
    if (!fits(inputs.arguments[index], type))
      return layer.emitOpError() << "expects the data of argument " << index
                                 << ", " << stringifyRole(layer.getRole(index))
                                 << ", to fit its type " << type;
  return success();
}

} // namespace moelora::interpreter
