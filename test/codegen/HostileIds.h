// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Invalid ids.

#ifndef MOELORA_TEST_CODEGEN_HOSTILEIDS_H
#define MOELORA_TEST_CODEGEN_HOSTILEIDS_H

#include "moelora/interpreter/Interpreter.h"

#include <random>

namespace moelora::codetest {

/// Around the bounds of what there are `count` of, at the ends of 32 bits, and
/// any.
class HostileIds {
public:
  HostileIds(uint64_t seed, int64_t count) : random(seed), count(count) {}

  int32_t next() {
    const int64_t ids[] = {
        -2, count, count + 1, INT32_MIN, INT32_MAX,        count - 1,
        0,  -1,    1 << 16,   65535,     count + (1 << 16)};
    uint64_t choice = random() % (std::size(ids) + 5);
    return choice < std::size(ids) ? int32_t(ids[choice])
                                   : int32_t(uint32_t(random()));
  }

private:
  std::mt19937_64 random;
  int64_t count;
};

/// The meaning of an argument with ids, according to the layer's types.
inline int64_t countOf(LayerOp layer, Role role) {
  auto size = [&](Role of, unsigned dim) -> int64_t {
    mlir::BlockArgument argument = layer.getArgument(of);
    return argument ? llvm::cast<mlir::RankedTensorType>(argument.getType())
                          .getDimSize(dim)
                    : 1;
  };
  if (role == Role::TokenIds)
    return size(Role::TokenTable, 0);
  if (role != Role::Slots)
    return size(Role::DownWeight, 0);
  for (mlir::Type type : layer.getArgumentTypes())
    if (auto table = llvm::dyn_cast<SlotTableType>(type))
      return table.getSlots();
  return 0;
}

/// Replaces all ids of the inputs; whether there are any.
inline bool makeHostile(LayerOp layer, interpreter::Inputs &inputs,
                        uint64_t seed) {
  bool any = false;
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    if (!tensor || !tensor.getElementType().isInteger())
      continue;
    HostileIds ids(seed + index, countOf(layer, layer.getRole(index)));
    for (double &id :
         std::get<interpreter::Tensor>(inputs.arguments[index]).data)
      id = ids.next();
    any = true;
  }
  return any;
}

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_HOSTILEIDS_H
