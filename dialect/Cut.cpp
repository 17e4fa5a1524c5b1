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

/// The number of parts into which a size of this name is cut.
static int64_t partsOf(Size size, Cut cut) {
  switch (size) {
  case Weighted:
    return cut.experts;
  case Intermediate:
  case Shared:
    return cut.intermediate;
  default:
    return 1;
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
  for (auto [name, size] : llvm::zip(formOf(role).sizes, shape)) {
    int64_t parts = partsOf(name, cut);
    if (size % parts) {
      llvm::raw_string_ostream(why)
          << size << (name == Weighted ? " experts" : " intermediate columns")
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
