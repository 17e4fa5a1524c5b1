// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls: their names, effects, and constraints.

#include "VerifyShapes.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;
using namespace moelora;

#define GET_OP_CLASSES
#include "moelora/dialect/CallOps.cpp.inc"

void CallOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  if (getResult())
    setName(getResult(), "output");
}

/// A context leads to memory that the IR does not show: slots, counters, and
/// the status.
void CallOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &input : getInputsMutable())
    if (isa<MemRefType>(input.get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), &input);
  for (OpOperand &destination : getDestinationMutable())
    effects.emplace_back(MemoryEffects::Write::get(), &destination);
  if (!getRunContext())
    return;
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}

static LogicalResult verifyForm(CallOp call) {
  bool ofTensors = bool(call.getResult()),
       ofMemory = bool(call.getDestination());
  if (ofTensors == ofMemory)
    return call.emitOpError()
           << "expects a result or a destination, but there "
           << (ofTensors ? "are both" : "is neither"); // (C1)
  for (auto [index, type] : llvm::enumerate(call.getInputs().getTypes()))
    if (isa<MemRefType>(type) && ofTensors)
      return call.emitOpError()
             << "expects a destination for memrefs, but "
                "operand "
             << index << " is " << type << " and there is a result"; // (C1)
    else if (isa<RankedTensorType>(type) && ofMemory)
      return call.emitOpError()
             << "expects a result of tensors, but operand " << index << " is "
             << type << " and there is a destination"; // (C1)
  return success();
}

LogicalResult CallOp::verify() {
  if (failed(verifyForm(*this)))
    return failure();
  if (auto cut = getCut();
      cut && (cut->size() != 2 || llvm::any_of(*cut, [](int64_t parts) {
                return parts < 1 || parts > maxSize;
              })))
    return emitOpError() << "expects cut to have two numbers from 1 to "
                         << maxSize
                         << ", of experts and of intermediate sizes, but it is "
                            "["
                         << *cut << "]"; // (C2)
  if (!getRunContext() == !getNumber())
    return success();
  return emitOpError() << "expects a context and a number of a layer, but the "
                       << (getRunContext() ? "number" : "context")
                       << " is missing"; // (C3)
}

/// Whether a value of the call has the type of the layer; memrefs may have any
/// layout and memory space, and slot tables any page order.
static bool agrees(Type type, Type wanted) {
  if (auto table = dyn_cast<SlotTableType>(type)) {
    auto other = dyn_cast<SlotTableType>(wanted);
    return other && table.withPageOrder(other.getPageOrder()) == other;
  }
  auto memory = dyn_cast<MemRefType>(type);
  if (!memory)
    return type == wanted;
  auto tensor = dyn_cast<RankedTensorType>(wanted);
  return tensor && memory.getShape() == tensor.getShape() &&
         memory.getElementType() == tensor.getElementType();
}

static LogicalResult verifyOperand(CallOp call, LayerOp layer, unsigned index) {
  Role role = layer.getRole(index);
  std::string why;
  Type wanted =
      partOf(role, layer.getArgumentTypes()[index], call.getParts(), why);
  std::string name = ("operand " + Twine(index) + ", the " +
                      stringifyRole(role) + " of @" + layer.getSymName())
                         .str();
  if (!wanted)
    return call.emitOpError()
           << "expects cut to divide " << name << ", which has " << why; // (C7)
  Type type = call.getInputs()[index].getType();
  if (agrees(type, wanted))
    return success();
  return call.emitOpError() << "expects " << name << ", to be " << wanted
                            << (call.getCut() ? " in one part" : "")
                            << ", but it is " << type; // (C6)
}

static LogicalResult verifyCount(CallOp call, LayerOp layer) {
  unsigned maps = call.getParts().experts > 1 ? 1 : 0;
  if (call.getInputs().size() == layer.getNumArguments() + maps)
    return success();
  return call.emitOpError()
         << "expects the " << layer.getNumArguments() << " operands of @"
         << layer.getSymName() << (maps ? " and a map of its experts" : "")
         << ", but there are " << call.getInputs().size(); // (C5)
}

static LogicalResult verifyMap(CallOp call, LayerOp layer) {
  if (call.getParts().experts == 1)
    return success();
  Type type = call.getInputs().back().getType(), wanted = expertMapOf(layer);
  if (wanted && agrees(type, wanted))
    return success();
  if (!wanted)
    return call.emitOpError()
           << "expects no cut of experts, because @" << layer.getSymName()
           << " has no plan of expert ids"; // (C6)
  return call.emitOpError()
         << "expects the last operand, the map of the experts of @"
         << layer.getSymName() << ", to be " << wanted << ", but it is "
         << type; // (C6)
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto layer = symbols.lookupNearestSymbolFrom<LayerOp>(*this, getCalleeAttr());
  if (!layer)
    return emitOpError() << "expects @" << getCallee()
                         << " to be a moelora.layer, but "
                         << (symbols.lookupNearestSymbolFrom(*this,
                                                             getCalleeAttr())
                                 ? "it is not"
                                 : "there is no such symbol"); // (C4)
  if (failed(verifyCount(*this, layer)))
    return failure();
  for (unsigned index = 0; index < layer.getNumArguments(); ++index)
    if (failed(verifyOperand(*this, layer, index)))
      return failure();
  if (failed(verifyMap(*this, layer)))
    return failure();
  Type wanted = resultOfPart(cast<RankedTensorType>(layer.getResultTypes()[0]),
                             getParts());
  Value output = getResult() ? Value(getResult()) : getDestination();
  if (agrees(output.getType(), wanted))
    return success();
  return emitOpError() << "expects the "
                       << (getResult() ? "result" : "destination") << " of @"
                       << getCallee() << " to be " << wanted
                       << (getCut() ? " in one part" : "") << ", but it is "
                       << output.getType(); // (C8)
}
