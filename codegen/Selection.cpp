// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Follows a layer from the output back to the given values.

#include "Selection.h"

using namespace mlir;

namespace moelora::codegen {

/// Tables and slot ids are read through the step.
static bool isOperand(Role role, Type type) {
  return isa<TensorType>(type) && role != Role::Slots;
}

Selection::Selection(LayerOp layer, moelora_entry_kind kind,
                     ArrayRef<Input> given)
    : kind(kind), inputs(given) {
  DenseSet<Value> seen;
  for (const Input &input : given)
    seen.insert(input.value);
  SmallVector<Value> work(
      layer.getBody().front().getTerminator()->getOperands());
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      Role role = layer.getRole(argument.getArgNumber());
      if (isOperand(role, argument.getType()))
        inputs.push_back({argument, int32_t(role)});
    } else if (stages.insert(value.getDefiningOp()).second) {
      llvm::append_range(work, value.getDefiningOp()->getOperands());
    }
  }
}

SmallVector<Selection> selectEntries(LayerOp layer) {
  SmallVector<Selection> selections;
  // A value that is an argument already cannot replace another argument.
  auto add = [&](moelora_entry_kind kind, ArrayRef<Input> given) {
    if (llvm::none_of(given, [&](const Input &input) {
          return layer.getArgument(Role(input.role));
        }))
      selections.emplace_back(layer, kind, given);
  };
  auto routes = llvm::to_vector(layer.getBody().getOps<RouteOp>());
  if (routes.size() != 1) {
    add(routes.empty() ? MOELORA_ENTRY_IDS : MOELORA_ENTRY_ALL, {});
    return selections;
  }
  RouteOp route = routes[0];
  if (isa<BlockArgument>(route.getLogits())) {
    add(MOELORA_ENTRY_LOGITS, {});
  } else {
    add(MOELORA_ENTRY_ALL, {});
    add(MOELORA_ENTRY_LOGITS, {{route.getLogits(), MOELORA_ROUTER_LOGITS}});
  }
  add(MOELORA_ENTRY_IDS, {{route.getIds(), MOELORA_EXPERT_IDS},
                          {route.getWeights(), MOELORA_EXPERT_WEIGHTS}});
  return selections;
}

SmallVector<Operand> operandsOf(LayerOp layer, ArrayRef<Selection> selections) {
  std::map<int32_t, Operand> rows;
  auto add = [&](int32_t role, Type type, moelora_entry_kind kind) {
    Operand &row = rows[role];
    static_cast<OperandType &>(row) =
        operandType(role, cast<RankedTensorType>(type));
    row.entries |= 1u << kind;
  };
  for (const Selection &selection : selections) {
    for (const Input &input : selection.inputs)
      add(input.role, input.value.getType(), selection.kind);
    add(MOELORA_OUTPUT, layer.getResultTypes()[0], selection.kind);
  }
  return llvm::map_to_vector(rows, [](auto &row) { return row.second; });
}

} // namespace moelora::codegen
