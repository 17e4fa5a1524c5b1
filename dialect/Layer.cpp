// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layer op: a function whose arguments are identified by their role.

#include "RowKinds.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/MathExtras.h"
#include <set>

using namespace mlir;
using namespace moelora;

static Type buildLayerType(Builder &builder, ArrayRef<Type> arguments,
                           ArrayRef<Type> results,
                           function_interface_impl::VariadicFlag,
                           std::string &) {
  return builder.getFunctionType(arguments, results);
}

ParseResult LayerOp::parse(OpAsmParser &parser, OperationState &result) {
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildLayerType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void LayerOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

void LayerOp::getAsmBlockArgumentNames(Region &, OpAsmSetValueNameFn setName) {
  for (BlockArgument argument : getBody().getArguments())
    if (auto role =
            getArgAttrOfType<RoleAttr>(argument.getArgNumber(), "moelora.role"))
      setName(argument, stringifyRole(role.getValue()));
}

Role LayerOp::getRole(unsigned index) {
  return getArgAttrOfType<RoleAttr>(index, "moelora.role").getValue();
}

BlockArgument LayerOp::getArgument(Role role) {
  for (unsigned index = 0; index < getNumArguments(); ++index)
    if (getRole(index) == role)
      return FunctionOpInterface::Trait<LayerOp>::getArgument(index);
  return nullptr;
}

static LogicalResult verifyRoles(LayerOp layer) {
  llvm::SmallSet<int, 16> seen;
  for (unsigned index = 0; index < layer.getNumArguments(); ++index) {
    auto role = layer.getArgAttrOfType<RoleAttr>(index, "moelora.role");
    if (!role)
      return layer.emitOpError() << "expects argument " << index
                                 << " to have a moelora.role"; // (C1)
    if (!seen.insert(static_cast<int>(role.getValue())).second)
      return layer.emitOpError()
             << "expects roles to be unique, but argument " << index
             << " repeats " << stringifyRole(role.getValue()); // (C1)
  }
  return success();
}

static LogicalResult verifyTableRoles(LayerOp layer) {
  for (unsigned index = 0; index < layer.getNumArguments(); ++index) {
    StringRef role = stringifyRole(layer.getRole(index));
    Type type = layer.getArgumentTypes()[index];
    if (!isa<RankedTensorType, SlotTableType>(type))
      return layer.emitOpError()
             << "expects arguments to be ranked tensors or slot tables, but "
                "argument "
             << index << " is " << type; // (C4)
    if (isa<SlotTableType>(type) != role.ends_with("_adapters"))
      return layer.emitOpError()
             << "expects tables, and only tables, to have a role that ends in "
                "_adapters, but argument "
             << index << " of type " << type << " has role " << role; // (C4)
  }
  return success();
}

// Far more than any model has, and the number of bits still fits 64 bits.
static constexpr int64_t maxElements = int64_t(1) << 48;

/// Whether the product of the static sizes that are not 0 is above the limit.
static bool isTooLarge(RankedTensorType type) {
  int64_t elements = 1;
  return llvm::any_of(type.getShape(), [&](int64_t size) {
    return !ShapedType::isDynamic(size) &&
           (llvm::MulOverflow(elements, std::max<int64_t>(size, 1), elements) ||
            elements > maxElements);
  });
}

static LogicalResult verifySizes(LayerOp layer) {
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && isTooLarge(tensor))
      return layer.emitOpError()
             << "expects static sizes of an argument to multiply to at most "
             << maxElements << ", but argument " << index << " is "
             << type; // (C5)
  }
  return success();
}

/// (C14): a row of the map has each local expert of a rank at most once.
static LogicalResult verifyExpertMap(LayerOp layer) {
  std::optional<ElementsAttr> map = layer.getExpertMap();
  if (!map)
    return success();
  BlockArgument argument = layer.getArgument(Role::ExpertMap);
  if (!argument || argument.getType() != map->getShapedType() ||
      !layer.getGrid())
    return layer.emitOpError("expects an expert_map to be that of an argument "
                             "of its type, in a layer with a grid");
  int64_t columns = map->getShapedType().getDimSize(1);
  std::set<std::pair<int64_t, int32_t>> seen;
  for (auto [index, place] : llvm::enumerate(map->getValues<int32_t>()))
    if (place != -1 &&
        (place < -1 || !seen.insert({index / columns, place}).second))
      return layer.emitOpError()
             << "expects a row of expert_map to have each place at most once, "
                "and none below -1, but it has "
             << place << (place < -1 ? "" : " twice");
  return success();
}

LogicalResult LayerOp::verify() {
  if (failed(verifyRoles(*this)) || failed(verifyTableRoles(*this)) ||
      failed(verifySizes(*this)))
    return failure();
  BlockArgument hidden = getArgument(Role::Hidden);
  auto type = hidden ? dyn_cast<RankedTensorType>(hidden.getType()) : nullptr;
  if (!type || type.getRank() != 2)
    return emitOpError()
           << "expects an argument of role hidden and rank 2"; // (C2)
  Type sum = type.clone(Float32Type::get(getContext()));
  if (getResultTypes() != ArrayRef<Type>(type) &&
      getResultTypes() != ArrayRef<Type>(sum))
    return emitOpError() << "expects one result of the type of hidden, " << type
                         << ", or of f32, but the type is "
                         << getFunctionType(); // (C3)
  if (failed(verifyRoleTypes(*this)))
    return failure();            // (C6)
  return verifyExpertMap(*this); // (C14)
}

/// Runs after the verifiers of the ops.
LogicalResult LayerOp::verifyRegions() {
  RowKinds kinds(*this);
  for (Operation &op : getBody().front())
    if (failed(kinds.visit(&op)))
      return failure(); // (C7), (C8), (C9), (C10), (C11), (C12), (C13)
  return success();
}

LogicalResult YieldOp::verify() {
  auto layer = cast<LayerOp>((*this)->getParentOp());
  if (getOperandTypes() == TypeRange(layer.getResultTypes()))
    return success();
  return emitOpError() << "expects operands of the layer's result types "
                       << layer.getResultTypes() << ", but they are "
                       << getOperandTypes(); // (C1)
}
