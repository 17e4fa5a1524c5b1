// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types of parts. What is cut follows from the sizes of a role.

#include "moelora/dialect/Cut.h"
#include "RoleForms.h"

using namespace mlir;

namespace moelora {

SmallVector<int64_t> shapeOf(Type type) {
  if (auto table = dyn_cast<SlotTableType>(type))
    return {table.getExperts(), table.getSlices(), table.getOut(),
            table.getIn()};
  return SmallVector<int64_t>(cast<RankedTensorType>(type).getShape());
}

std::optional<Axis> cutOf(Role role, unsigned dimension) {
  switch (formOf(role).sizes[dimension]) {
  case Weighted:
    return Axis::Ep;
  case Intermediate:
  case Shared:
    return Axis::Tp;
  default:
    return std::nullopt;
  }
}

static Type withShape(Type type, ArrayRef<int64_t> shape) {
  if (auto table = dyn_cast<SlotTableType>(type))
    return SlotTableType::get(table.getContext(), table.getSlots(), shape[0],
                              shape[1], shape[2], shape[3], table.getMaxRank(),
                              table.getElementType(), table.getPageOrder(),
                              table.getSharing());
  return cast<RankedTensorType>(type).clone(shape);
}

Type partOf(Role role, Type type, Cut cut, std::string &why) {
  SmallVector<int64_t> shape = shapeOf(type);
  for (auto [dimension, size] : llvm::enumerate(shape)) {
    std::optional<Axis> axis = cutOf(role, unsigned(dimension));
    bool isOfExperts = axis == Axis::Ep;
    if (isOfExperts && cut.localExperts) {
      size = cut.localExperts;
      continue;
    }
    int64_t parts = isOfExperts ? cut.experts : axis ? cut.intermediate : 1;
    if (size % parts) {
      llvm::raw_string_ostream(why)
          << size << (isOfExperts ? " experts" : " intermediate columns")
          << ", but cut = [" << cut.experts << ", " << cut.intermediate << "]";
      return {};
    }
    size /= parts;
  }
  return withShape(type, shape);
}

RankedTensorType resultOfPart(RankedTensorType whole, Cut cut) {
  if (cut.isWhole())
    return whole;
  return cast<RankedTensorType>(
      whole.clone(Float32Type::get(whole.getContext())));
}

} // namespace moelora
