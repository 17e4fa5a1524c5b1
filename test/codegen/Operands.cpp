// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Operands.h"
#include "moelora/reference/Ops.h"

using namespace mlir;
using moelora::interpreter::Table;
using moelora::interpreter::Tensor;

namespace moelora::codetest {

moelora_dtype describe(Type element) {
  if (element.isBF16())
    return MOELORA_BF16;
  return element.isF16() ? MOELORA_F16 : MOELORA_F32;
}

int firstProjection(Role role, int64_t slices) {
  bool plain = slices == 1;
  switch (role) {
  case Role::GateUpAdapters:
    return plain ? MOELORA_UP : MOELORA_GATE;
  case Role::DownAdapters:
    return MOELORA_DOWN;
  case Role::RouterAdapters:
    return MOELORA_ROUTER;
  case Role::SharedGateUpAdapters:
    return plain ? MOELORA_SHARED_UP : MOELORA_SHARED_GATE;
  case Role::SharedDownAdapters:
    return MOELORA_SHARED_DOWN;
  case Role::SharedScoreAdapters:
    return MOELORA_SHARED_SCORE;
  case Role::LatentInAdapters:
    return MOELORA_LATENT_IN;
  case Role::LatentOutAdapters:
    return MOELORA_LATENT_OUT;
  default:
    llvm_unreachable("a role of adapters");
  }
}

Operands::Operands(LayerOp layer, const interpreter::Inputs &inputs) {
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      auto &data = std::get<Tensor>(inputs.arguments[index]);
      if (layer.getRole(index) == Role::Slots)
        addNumbers(data, inputs);
      else
        addTensor(moelora_role(layer.getRole(index)), tensor.getElementType(),
                  data);
    }
  addAdapters(layer, inputs);
}

void Operands::addNumbers(const Tensor &ids,
                          const interpreter::Inputs &inputs) {
  for (double id : ids.data)
    slotNumbers.push_back(reference::resolveSlot(int32_t(id), inputs.directory,
                                                 inputs.indexBits));
}

void Operands::addTensor(moelora_role role, Type element,
                         const Tensor &tensor) {
  size_t count = tensor.data.size();
  size_t size = element.getIntOrFloatBitWidth() / 8;
  Guarded &memory = bytes[role] = Guarded(count * size);
  for (size_t i = 0; i < count; ++i) {
    if (!element.isInteger()) {
      reference::store(describe(element), memory.data(), i, tensor.data[i]);
      continue;
    }
    auto id = int32_t(tensor.data[i]);
    std::memcpy(memory.data() + i * size, &id, size);
  }
}

void Operands::addAdapters(LayerOp layer, const interpreter::Inputs &inputs) {
  Type element =
      cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType())
          .getElementType();
  for (size_t slot = 0; slot < inputs.directory.size(); ++slot) {
    reference::Adapter adapter;
    for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
      if (!isa<SlotTableType>(type))
        continue;
      auto &table = std::get<Table>(inputs.arguments[index]);
      int first = firstProjection(layer.getRole(index), table.slices);
      for (int64_t slice = 0; slice < table.slices; ++slice)
        for (int64_t expert = 0; expert < table.experts; ++expert) {
          auto *pair = table.find(int32_t(slot), int32_t(expert), slice);
          adapter.pairs[first + slice].push_back(pair ? *pair
                                                      : reference::LoraPair());
        }
    }
    pages.emplace_back(adapter, describe(element));
    slotWords.push_back(inputs.directory[slot] ? pages.back().word() : 0);
  }
}

} // namespace moelora::codetest
