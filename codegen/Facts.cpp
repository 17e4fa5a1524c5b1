// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes the facts that the types of a layer's slot tables state together.

#include "Facts.h"
#include "LayerDescription.h"
#include "Projections.h"

using namespace mlir;

namespace moelora::codegen {

/// The last size of the argument with a role, or 0 if there is none.
static int64_t columnsOf(LayerOp layer, Role role) {
  BlockArgument argument = layer.getArgument(role);
  return argument ? cast<RankedTensorType>(argument.getType()).getShape().back()
                  : 0;
}

int64_t expertsOf(PlanOp op) {
  return op.getMap()
             ? cast<RankedTensorType>(op.getMap().getType()).getDimSize(1)
             : op.getPlan().getType().getExperts();
}

/// The sizes of the layer, independent of what is adapted.
static void addSizes(LayerOp layer, moelora_facts &facts) {
  facts.hidden = columnsOf(layer, Role::Hidden);
  int64_t latent = columnsOf(layer, Role::LatentOutWeight);
  facts.width = latent ? latent : facts.hidden;
  facts.intermediate = columnsOf(layer, Role::DownWeight);
  facts.shared = columnsOf(layer, Role::SharedDownWeight);
  layer.walk([&](PlanOp op) {
    if (!op.getIds())
      return;
    facts.experts = int32_t(op.getPlan().getType().getExperts());
    facts.logits = int32_t(expertsOf(op) + op.getZeroExperts());
  });
}

static void addTableSizes(Role role, SlotTableType table,
                          moelora_facts &facts) {
  int64_t in = table.getIn(), out = table.getOut();
  switch (role) {
  case Role::GateUpAdapters:
    facts.width = in, facts.intermediate = out;
    break;
  case Role::DownAdapters:
    facts.intermediate = in, facts.width = out;
    break;
  case Role::RouterAdapters:
    facts.hidden = in, facts.logits = int32_t(out);
    break;
  case Role::SharedGateUpAdapters:
    facts.hidden = in, facts.shared = out;
    break;
  case Role::SharedDownAdapters:
    facts.shared = in, facts.hidden = out;
    break;
  case Role::LatentInAdapters:
    facts.hidden = in, facts.width = out;
    break;
  case Role::LatentOutAdapters:
    facts.width = in, facts.hidden = out;
    break;
  default:
    facts.hidden = in;
  }
  if (role == Role::GateUpAdapters || role == Role::DownAdapters)
    facts.experts = int32_t(table.getExperts());
}

/// A larger rank would not fit the tables with the smallest bound.
static void addTable(Role role, SlotTableType table, moelora_facts &facts) {
  auto maxRank = int32_t(table.getMaxRank());
  bool first = facts.projections == 0;
  facts.dtype = describeType(table.getElementType());
  facts.page_order = int32_t(table.getPageOrder());
  facts.slots = int32_t(table.getSlots());
  facts.max_rank = first ? maxRank : std::min(facts.max_rank, maxRank);
  for (int64_t projection : projectionsOf(role, table.getSlices())) {
    facts.projections |= uint64_t(1) << projection;
    if (table.sharesA())
      facts.shared_a |= uint32_t(1) << projection;
  }
  addTableSizes(role, table, facts);
}

moelora_facts describeFacts(LayerOp layer) {
  auto facts = cleared<moelora_facts>();
  facts.size = sizeof(facts);
  addSizes(layer, facts);
  for (BlockArgument argument : layer.getBody().getArguments())
    if (auto table = dyn_cast<SlotTableType>(argument.getType()))
      addTable(layer.getRole(argument.getArgNumber()), table, facts);
  return facts;
}

} // namespace moelora::codegen
