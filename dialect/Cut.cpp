// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types of parts. What is cut follows from the sizes of a role.

#include "moelora/dialect/Cut.h"
#include "RoleForms.h"
#include "llvm/Support/FormatVariadic.h"

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

/// How many parts the cut makes of a size.
static int64_t partsOf(Size size, Cut cut) {
  switch (size) {
  case Weighted:
    return cut.experts;
  case Intermediate:
    return cut.intermediate;
  case Shared:
    return cut.shared;
  default:
    return 1;
  }
}

Type partOf(Role role, Type type, Cut cut, std::string &why) {
  SmallVector<int64_t> shape = shapeOf(type);
  for (auto [size, name] : llvm::zip(shape, formOf(role).sizes)) {
    if (name == Weighted && cut.localExperts) {
      size = cut.localExperts;
      continue;
    }
    int64_t parts = partsOf(name, cut);
    if (size % parts) {
      llvm::raw_string_ostream out(why);
      out << size << (name == Weighted ? " experts" : " intermediate columns")
          << ", but cut = [" << cut.experts << ", " << cut.intermediate << "]";
      if (name == Shared && parts != cut.intermediate)
        out << " makes " << parts << " parts of a shared expert";
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

bool yieldsPartialSum(LayerOp layer) {
  std::optional<GridAttr> grid = layer.getGrid();
  return grid && grid->getEp() * grid->getTp() > 1 &&
         layer.getBody().getOps<ReduceOp>().empty();
}

DispatchOp routedDispatch(LayerOp layer) {
  for (auto op : layer.getBody().getOps<DispatchOp>())
    if (op.getIds())
      return op;
  return nullptr;
}

RankedTensorType expertMapOf(LayerOp layer) {
  int64_t experts = 0;
  auto look = [&](auto op) {
    if (op.getIds())
      experts = op.getPlan().getType().getExperts();
  };
  llvm::for_each(layer.getBody().getOps<DispatchOp>(), look);
  llvm::for_each(layer.getBody().getOps<PlanOp>(), look);
  if (!experts)
    return {};
  return RankedTensorType::get({1, experts},
                               IntegerType::get(layer.getContext(), 32));
}

/// Whether rows are those of the shared down projection, of which every part
/// has a summand.
static bool isOfSharedExpert(LayerOp layer, Value rows) {
  while (auto delta = rows.getDefiningOp<LoraDeltaOp>())
    rows = delta.getAccumulator();
  auto gemm = rows.getDefiningOp<ExpertGemmOp>();
  return gemm && gemm.getWeight() == layer.getArgument(Role::SharedDownWeight);
}

/// Why something of the layer needs the whole sum, or an empty text.
static std::string whyNotSum(LayerOp layer) {
  if (layer.getGrid() || layer.getArgument(Role::ExpertMap))
    return "is the part of one rank already";
  if (layer.getArgument(Role::LatentOutWeight))
    return "has a latent_out_weight, which multiplies the whole sum";
  if (layer.getArgument(Role::OutputNormWeight))
    return "has an output_norm_weight, whose norm is that of the whole sum";
  Value output = layer.getBody().front().getTerminator()->getOperand(0);
  auto sum = output.getDefiningOp<CombineOp>();
  if (!sum || !llvm::hasSingleElement(layer.getBody().getOps<CombineOp>()))
    return "has other ops after its sum, which need the whole sum";
  if (sum.getIdentity())
    return "has identity rows of zero experts, which every part would add";
  if (sum.getShared() && !isOfSharedExpert(layer, sum.getShared()))
    return "has shared rows that are not of a shared_down_weight, which every "
           "part would add";
  return "";
}

/// Why the layer has no parts of its experts, or an empty text.
static std::string whyNotExperts(LayerOp layer) {
  DispatchOp routed = routedDispatch(layer);
  if (!routed)
    return "chooses no experts, so that every part would add the same";
  for (DispatchOp dispatch : layer.getBody().getOps<DispatchOp>())
    if (dispatch.getIds() && dispatch != routed)
      return "has several plans of expert ids";
  if (routed.getZeroExperts())
    return llvm::formatv("has {0} zero experts, whose ids follow those of all "
                         "{1} experts",
                         routed.getZeroExperts(),
                         routed.getPlan().getType().getExperts());
  return "";
}

LogicalResult verifySum(CallOp call, LayerOp layer, Cut cut) {
  std::string why = whyNotSum(layer);
  if (why.empty() && cut.experts > 1)
    why = whyNotExperts(layer);
  if (why.empty())
    return success();
  InFlightDiagnostic diagnostic =
      call.emitOpError() << "expects a layer whose " << cut.experts << " x "
                         << cut.intermediate << " parts add up to it, but @"
                         << layer.getSymName() << " " << why;
  diagnostic.attachNote(layer.getLoc()) << "the layer is here";
  return diagnostic;
}

} // namespace moelora
