// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//

#include "Meaning.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/interpreter/Interpreter.h"
#include "moelora/passes/Passes.h"
#include "moelora/reference/Compare.h"

using namespace mlir;

namespace moelora::differential {
namespace {

using interpreter::Datum;
using interpreter::Table;
using interpreter::Tensor;

// f64 sums in another order differ in their last bits; a bound is some 2^30 of
// them, or 2^45.
constexpr double share = 1e-6;

Tensor tensorOf(const Case &c, const Data &data, Role role,
                RankedTensorType type) {
  Tensor tensor;
  tensor.shape = type.getShape().vec();
  for (int64_t &size : tensor.shape)
    if (ShapedType::isDynamic(size))
      size = c.tokens;
  tensor.data.resize(tensor.rows() * tensor.rowSize());
  if (role == Role::Slots) {
    tensor.data.assign(data.slotIds().begin(), data.slotIds().end());
    return tensor;
  }
  const void *from = data.operand(moelora_role(role));
  moelora_dtype dtype = shapeOf(c.layer, moelora_role(role), c.tokens).dtype;
  for (size_t i = 0; from && i < tensor.data.size(); ++i)
    tensor.data[i] = dtype == MOELORA_I32
                         ? static_cast<const int32_t *>(from)[i]
                         : reference::load(dtype, from, int64_t(i));
  return tensor;
}

/// The projections that a table has the pairs of, slice by slice.
std::vector<moelora_projection> projectionsOf(Role role, int64_t slices) {
  auto gateUp = [&](moelora_projection gate, moelora_projection up) {
    return slices == 2 ? std::vector{gate, up} : std::vector{up};
  };
  switch (role) {
  case Role::GateUpAdapters:
    return gateUp(MOELORA_GATE, MOELORA_UP);
  case Role::DownAdapters:
    return {MOELORA_DOWN};
  case Role::RouterAdapters:
    return {MOELORA_ROUTER};
  case Role::SharedGateUpAdapters:
    return gateUp(MOELORA_SHARED_GATE, MOELORA_SHARED_UP);
  case Role::SharedDownAdapters:
    return {MOELORA_SHARED_DOWN};
  case Role::SharedScoreAdapters:
    return {MOELORA_SHARED_SCORE};
  case Role::LatentInAdapters:
    return {MOELORA_LATENT_IN};
  default:
    return {MOELORA_LATENT_OUT};
  }
}

Table tableOf(const Data &data, Role role, SlotTableType type) {
  Table table;
  table.experts = type.getExperts();
  table.slices = type.getSlices();
  auto projections = projectionsOf(role, table.slices);
  for (int64_t slot = 0; slot < type.getSlots(); ++slot)
    for (int64_t e = 0; e < table.experts; ++e)
      for (moelora_projection projection : projections) {
        const reference::Adapter *adapter = data.problem().adapters[slot];
        const reference::LoraPair *pair =
            adapter ? adapter->find(projection, e) : nullptr;
        table.pairs.push_back(pair ? *pair : reference::LoraPair());
      }
  return table;
}

interpreter::Inputs inputsOf(const Case &c, const Data &data, LayerOp layer) {
  interpreter::Inputs inputs;
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    Role role = layer.getRole(index);
    if (auto table = dyn_cast<SlotTableType>(type))
      inputs.arguments.push_back(tableOf(data, role, table));
    else
      inputs.arguments.push_back(
          tensorOf(c, data, role, cast<RankedTensorType>(type)));
  }
  inputs.directory = data.directory();
  return inputs;
}

std::string compare(const Case &c, const Data &data, LayerOp layer,
                    const reference::Output &exact) {
  auto found = interpreter::interpret(layer, inputsOf(c, data, layer),
                                      c.exact ? interpreter::Mode::Rounded
                                              : interpreter::Mode::Exact);
  if (failed(found))
    return "is refused";
  reference::MatrixView rows = {MOELORA_F64, found->data.data(), found->rows(),
                                found->rowSize(), found->rowSize()};
  return reference::compareRows(rows, exact).failure();
}

/// A layer with three entry points is one whose routing is given.
Case asBuilt(const Case &c) {
  Case result = c;
  if (c.entry == MOELORA_ENTRY_LOGITS)
    result.options.given = Given::Logits;
  if (c.entry == MOELORA_ENTRY_IDS)
    result.options.given = Given::Choice;
  return result;
}

} // namespace

std::string whyNotMeant(const Case &c, const Data &data,
                        const reference::Output &wanted) {
  Case built = asBuilt(c);
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<MoELoRADialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  auto layer = buildLayer(builder, module->getLoc(), c.layer, built.options);
  if (failed(layer))
    return "the importer refuses the layer";
  reference::Output exact = wanted;
  // Both choose experts in f64: no row is a near tie.
  exact.decided.assign(exact.decided.size(), 1);
  for (double &bound : exact.bounds)
    bound *= share;
  std::string routed = compare(c, data, *layer, exact);
  if (!routed.empty())
    return "the routed level: " + routed;
  PassManager passes(&context);
  passes.addNestedPass<LayerOp>(createFuseLora());
  passes.addNestedPass<LayerOp>(createFuseEpilogue());
  passes.addNestedPass<LayerOp>(createSharedOuter());
  passes.addNestedPass<LayerOp>(createVerifyLevel());
  if (failed(passes.run(*module)))
    return "fusion fails";
  std::string fused = compare(c, data, *layer, exact);
  return fused.empty() ? "" : "the fused level: " + fused;
}

} // namespace moelora::differential
