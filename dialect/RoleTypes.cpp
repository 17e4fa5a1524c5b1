// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks the types of arguments by their roles. Sizes with the same name must
// be equal.

#include "RoleForms.h"
#include "RowKinds.h"

using namespace mlir;
using namespace moelora;

namespace {

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
                                                "shared",
                                                "copies",
                                                "mapped experts"};

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
