// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The type of an argument by its role: element type and sizes. Sizes with the
// same name must be equal. moelora/runtime/Operand.h has the same list.

#include "RowKinds.h"

using namespace mlir;
using namespace moelora;

namespace {

/// The name of a size. The first two are constants.
enum Size {
  Tokens,
  One,
  Hidden,
  Experts,
  Choosable,
  TopK,
  TableRows,
  Weighted,
  Slices,
  Intermediate,
  Width,
  SharedSlices,
  Shared,
  SizeCount
};

constexpr StringLiteral sizeNames[SizeCount] = {"?",
                                                "1",
                                                "hidden",
                                                "experts",
                                                "choosable experts",
                                                "top_k",
                                                "table rows",
                                                "experts with weights",
                                                "slices",
                                                "intermediate",
                                                "width",
                                                "shared slices",
                                                "shared"};

enum class Element { OfLayer, OfLayerOrF32, F32, I32, OfTable };

struct RoleForm {
  Role role;
  Element element;
  int rank;
  Size sizes[4];
};

constexpr RoleForm forms[] = {
    {Role::Hidden, Element::OfLayer, 2, {Tokens, Hidden}},
    {Role::Slots, Element::I32, 1, {Tokens}},
    {Role::TokenIds, Element::I32, 1, {Tokens}},
    {Role::RouterHidden, Element::OfLayer, 2, {Tokens, Hidden}},
    {Role::RouterLogits, Element::F32, 2, {Tokens, Experts}},
    {Role::ExpertIds, Element::I32, 2, {Tokens, TopK}},
    {Role::ExpertWeights, Element::F32, 2, {Tokens, TopK}},
    {Role::RouterWeight, Element::OfLayerOrF32, 3, {One, Experts, Hidden}},
    {Role::RouterBias, Element::F32, 2, {One, Experts}},
    {Role::SelectionBias, Element::F32, 1, {Choosable}},
    {Role::GateUpWeight,
     Element::OfLayer,
     4,
     {Weighted, Slices, Intermediate, Width}},
    {Role::GateUpBias, Element::F32, 3, {Weighted, Slices, Intermediate}},
    {Role::DownWeight, Element::OfLayer, 3, {Weighted, Width, Intermediate}},
    {Role::DownBias, Element::F32, 2, {Weighted, Width}},
    {Role::SharedGateUpWeight,
     Element::OfLayer,
     4,
     {One, SharedSlices, Shared, Hidden}},
    {Role::SharedGateUpBias, Element::F32, 3, {One, SharedSlices, Shared}},
    {Role::SharedDownWeight, Element::OfLayer, 3, {One, Hidden, Shared}},
    {Role::SharedDownBias, Element::F32, 2, {One, Hidden}},
    {Role::SharedScoreWeight, Element::OfLayer, 3, {One, One, Hidden}},
    {Role::TokenTable, Element::I32, 2, {TableRows, TopK}},
    {Role::ExpertScale, Element::F32, 1, {Experts}},
    {Role::RouterNormWeight, Element::F32, 1, {Hidden}},
    {Role::LatentInWeight, Element::OfLayer, 3, {One, Width, Hidden}},
    {Role::LatentInBias, Element::F32, 2, {One, Width}},
    {Role::LatentOutWeight, Element::OfLayer, 3, {One, Hidden, Width}},
    {Role::LatentOutBias, Element::F32, 2, {One, Hidden}},
    {Role::OutputNormWeight, Element::F32, 1, {Hidden}},
    // Tables: experts, slices, out, in.
    {Role::GateUpAdapters,
     Element::OfTable,
     4,
     {Weighted, Slices, Intermediate, Width}},
    {Role::DownAdapters,
     Element::OfTable,
     4,
     {Weighted, One, Width, Intermediate}},
    {Role::RouterAdapters, Element::OfTable, 4, {One, One, Experts, Hidden}},
    {Role::SharedGateUpAdapters,
     Element::OfTable,
     4,
     {One, SharedSlices, Shared, Hidden}},
    {Role::SharedDownAdapters, Element::OfTable, 4, {One, One, Hidden, Shared}},
    {Role::SharedScoreAdapters, Element::OfTable, 4, {One, One, One, Hidden}},
    {Role::LatentInAdapters, Element::OfTable, 4, {One, One, Width, Hidden}},
    {Role::LatentOutAdapters, Element::OfTable, 4, {One, One, Hidden, Width}},
};

const RoleForm &formOf(Role role) {
  return *llvm::find_if(
      forms, [&](const RoleForm &form) { return form.role == role; });
}

/// Compares an argument with the form of its role. The first argument with a
/// size determines its value.
class Sizes {
public:
  explicit Sizes(LayerOp layer) : layer(layer) {
    hasLatent = llvm::any_of(
        ArrayRef<Role>{Role::LatentInWeight, Role::LatentInBias,
                       Role::LatentOutWeight, Role::LatentOutBias,
                       Role::LatentInAdapters, Role::LatentOutAdapters},
        [&](Role role) { return bool(layer.getArgument(role)); });
    auto hidden =
        cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType());
    element = hidden.getElementType();
    if (!hidden.isDynamicDim(1))
      known[Hidden] = hidden.getDimSize(1);
  }

  LogicalResult verify(Role role, Type type) {
    const RoleForm &form = formOf(role);
    auto before = known;
    if (isOf(form, type) && fits(form, shapeOf(type)))
      return success();
    known = before;
    InFlightDiagnostic diagnostic = layer.emitOpError()
                                    << "expects the argument of role "
                                    << stringifyRole(role) << " to be [";
    llvm::interleave(
        ArrayRef<Size>(form.sizes, form.rank), diagnostic,
        [&](Size size) { tell(diagnostic, size); }, ", ");
    diagnostic << "]";
    tell(diagnostic, form.element);
    return diagnostic << ", but it is " << type;
  }

private:
  LayerOp layer;
  Type element;
  bool hasLatent;
  std::array<int64_t, SizeCount> known{}; // 0: not known yet

  /// Without a latent space, experts read hidden states.
  Size named(Size size) const {
    return size == Width && !hasLatent ? Hidden : size;
  }

  static SmallVector<int64_t> shapeOf(Type type) {
    if (auto table = dyn_cast<SlotTableType>(type))
      return {table.getExperts(), table.getSlices(), table.getOut(),
              table.getIn()};
    return SmallVector<int64_t>(cast<RankedTensorType>(type).getShape());
  }

  bool isOf(const RoleForm &form, Type type) const {
    Type own = getElementTypeOrSelf(type);
    switch (form.element) {
    case Element::OfLayer:
      return own == element && isa<BFloat16Type, Float16Type, Float32Type>(own);
    case Element::OfLayerOrF32:
      return own == element || own.isF32();
    case Element::F32:
      return own.isF32();
    case Element::I32:
      return own.isSignlessInteger(32);
    case Element::OfTable:
      return true;
    }
    llvm_unreachable("an element type");
  }

  bool fits(const RoleForm &form, ArrayRef<int64_t> shape) {
    if (int64_t(shape.size()) != form.rank)
      return false;
    for (auto [name, size] : llvm::zip(form.sizes, shape)) {
      int64_t &wanted = known[named(name)];
      if (name == Tokens ? size != ShapedType::kDynamic
          : name == One  ? size != 1
                         : size < 1 || (wanted && wanted != size))
        return false;
      wanted = size;
    }
    return true;
  }

  void tell(InFlightDiagnostic &diagnostic, Size size) const {
    size = named(size);
    diagnostic << sizeNames[size];
    if (size > One && known[size])
      diagnostic << " = " << known[size];
  }

  void tell(InFlightDiagnostic &diagnostic, Element wanted) const {
    switch (wanted) {
    case Element::OfLayer:
      if (!isa<BFloat16Type, Float16Type, Float32Type>(element))
        diagnostic << " of bf16, f16 or f32";
      else
        diagnostic << " of " << element;
      return;
    case Element::OfLayerOrF32:
      diagnostic << " of " << element << " or f32";
      return;
    case Element::F32:
      diagnostic << " of f32";
      return;
    case Element::I32:
      diagnostic << " of i32";
      return;
    case Element::OfTable:
      return;
    }
  }
};

} // namespace

LogicalResult moelora::verifyRoleTypes(LayerOp layer) {
  Sizes sizes(layer);
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes()))
    if (failed(sizes.verify(layer.getRole(index), type)))
      return failure();
  return success();
}
