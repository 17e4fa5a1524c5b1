// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CutLayer.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moelora {

bool cutArguments(LayerOp layer, Cut cut, std::string &why) {
  SmallVector<Type> types;
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    Role role = layer.getRole(index);
    Type part = partOf(role, type, cut, why);
    if (!part) {
      why = (stringifyRole(role) + ": " + why).str();
      return false;
    }
    types.push_back(part);
  }
  for (auto [argument, type] :
       llvm::zip_equal(layer.getBody().getArguments(), types))
    argument.setType(type);
  layer.setFunctionType(
      FunctionType::get(layer.getContext(), types, layer.getResultTypes()));
  return true;
}

LogicalResult addExpertMap(LayerOp layer, DispatchOp dispatch, Type type) {
  unsigned index = layer.getNumArguments();
  NamedAttribute role("moelora.role",
                      RoleAttr::get(layer.getContext(), Role::ExpertMap));
  if (failed(layer.insertArgument(index, type,
                                  DictionaryAttr::get(layer.getContext(), role),
                                  layer.getLoc())))
    return failure();
  dispatch.getMapMutable().assign(layer.getBody().getArgument(index));
  return success();
}

void retype(Operation *op, Cut cut) {
  TypeSwitch<Operation *>(op)
      .Case([&](DispatchOp op) {
        PlanType type = op.getPlan().getType();
        int64_t experts = cut.localExperts ? cut.localExperts
                                           : type.getExperts() / cut.experts;
        if (op.getIds())
          op.getPlan().setType(PlanType::get(type.getContext(), experts,
                                             type.getSlots(), type.getTopK()));
      })
      .Case([](ExpertGemmOp op) {
        ArrayRef<int64_t> weight = op.getWeight().getType().getShape();
        RankedTensorType type = op.getResult().getType();
        SmallVector<int64_t> shape{type.getDimSize(0)};
        llvm::append_range(shape, weight.drop_front().drop_back());
        op.getResult().setType(cast<RankedTensorType>(type.clone(shape)));
      })
      .Case([](LoraDeltaOp op) {
        op.getResult().setType(op.getAccumulator().getType());
      })
      .Case([](ActivationOp op) {
        RankedTensorType type = op.getResult().getType();
        int64_t columns = op.getAccumulator().getType().getShape().back();
        op.getResult().setType(
            cast<RankedTensorType>(type.clone({type.getDimSize(0), columns})));
      });
}

} // namespace moelora
