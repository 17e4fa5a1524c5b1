// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ReferenceGroup.h"
#include "Operands.h"

#include <deque>

using namespace mlir;

namespace moelora::codetest {
namespace {

/// Consecutive tokens, which are those of the ranks with one dp coordinate.
class GroupProblem {
public:
  GroupProblem(LayerOp whole, const moelora_layer &layer,
               reference::Entry entry, const interpreter::Inputs &inputs,
               int64_t first, int64_t count)
      : inputs(inputs), first(first) {
    problem.layer = layer;
    problem.entry = entry;
    problem.tokens = count;
    auto type = moelora_dtype(layer.dtype);
    problem.rounding = reference::Rounding::rounded(type, type);
    for (auto [index, type] : llvm::enumerate(whole.getArgumentTypes())) {
      Role role = whole.getRole(unsigned(index));
      if (auto table = dyn_cast<SlotTableType>(type))
        add(role, table, std::get<interpreter::Table>(inputs.arguments[index]));
      else
        add(role, cast<RankedTensorType>(type),
            std::get<interpreter::Tensor>(inputs.arguments[index]));
    }
    for (reference::Adapter &adapter : adapters)
      problem.adapters.push_back(&adapter);
  }

  reference::Problem problem;

private:
  void add(Role role, RankedTensorType type,
           const interpreter::Tensor &tensor) {
    int64_t from = type.isDynamicDim(0) ? first * tensor.rowSize() : 0;
    const double *data = tensor.data.data() + from;
    size_t count = tensor.data.size() - size_t(from);
    if (!type.getElementType().isInteger()) {
      problem.operand[size_t(role)] = {MOELORA_F64, data};
      return;
    }
    std::vector<int32_t> &numbers = integers.emplace_back(data, data + count);
    switch (role) {
    case Role::Slots:
      for (int32_t &id : numbers)
        id = reference::resolveSlot(id, inputs.directory, inputs.indexBits);
      problem.slots = numbers.data();
      break;
    case Role::ExpertIds:
      problem.expertIds = numbers.data();
      break;
    case Role::TokenIds:
      problem.tokenIds = numbers.data();
      break;
    default:
      problem.tokenTable = numbers.data();
    }
  }

  void add(Role role, SlotTableType type, const interpreter::Table &table) {
    adapters.resize(size_t(type.getSlots()));
    for (int64_t slot = 0; slot < type.getSlots(); ++slot)
      for (int64_t slice = 0; slice < type.getSlices(); ++slice) {
        std::vector<reference::LoraPair> &pairs =
            adapters[size_t(slot)]
                .pairs[size_t(firstProjection(role, type.getSlices()) + slice)];
        for (int64_t expert = 0; expert < type.getExperts(); ++expert) {
          const reference::LoraPair *pair =
              table.find(int32_t(slot), int32_t(expert), slice);
          pairs.push_back(pair ? *pair : reference::LoraPair());
        }
      }
  }

  const interpreter::Inputs &inputs;
  int64_t first;
  std::deque<std::vector<int32_t>> integers;
  std::vector<reference::Adapter> adapters;
};

reference::Ranks ranksOf(LayerOp part, const moelora_layer &layer) {
  GridAttr grid = *part.getGrid();
  reference::Ranks ranks = {int32_t(grid.getEp()), int32_t(grid.getTp()), {}};
  if (!part.getExpertMap())
    return ranks;
  int32_t local = 1;
  for (auto dispatch : part.getBody().getOps<DispatchOp>())
    if (dispatch.getMap())
      local = int32_t(dispatch.getPlan().getType().getExperts());
  for (int32_t place : part.getExpertMap()->getValues<int32_t>())
    ranks.experts.push_back(place < 0 ? -1 : place / local);
  return ranks;
}

} // namespace

interpreter::Tensor referenceOfRanks(LayerOp part, LayerOp whole,
                                     const moelora_layer &description,
                                     reference::Entry entry,
                                     const interpreter::Inputs &inputs) {
  unsigned hidden = whole.getArgument(Role::Hidden).getArgNumber();
  int64_t tokens =
      std::get<interpreter::Tensor>(inputs.arguments[hidden]).rows();
  int64_t groups = part.getGrid()->getDp();
  interpreter::Tensor output;
  output.shape = {tokens, description.hidden};
  for (int64_t group = 0; group < groups; ++group) {
    int64_t first = tokens * group / groups;
    int64_t end = tokens * (group + 1) / groups;
    GroupProblem own(whole, description, entry, inputs, first, end - first);
    own.problem.ranks = ranksOf(part, description);
    llvm::append_range(output.data, reference::evaluate(own.problem).rows);
  }
  return output;
}

} // namespace moelora::codetest
