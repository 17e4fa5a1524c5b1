// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer of a model, chosen by its number.

#include "moelora/import/Import.h"

using namespace mlir;
using namespace moelora;

/// "1 to 26" if the numbers are consecutive, else "1, 3, 5".
static std::string list(ArrayRef<int> numbers) {
  std::string text = std::to_string(numbers.front());
  int last = numbers.back();
  if (numbers.size() > 2 &&
      last - numbers.front() + 1 == static_cast<int>(numbers.size()))
    return text + " to " + std::to_string(last);
  for (int number : numbers.drop_front())
    text += ", " + std::to_string(number);
  return text;
}

OwningOpRef<ModuleOp> moelora::importLayer(MLIRContext &context,
                                           Location location,
                                           const models::Model &model,
                                           int layer, LayerOptions options) {
  if (!model.isMoe(layer)) {
    mlir::emitError(location)
        << "expects the number of a layer with experts, but it is " << layer
        << "; " << model.modelType() << " has " << model.layers()
        << " layers here, those with experts are " << list(model.moeLayers());
    return {};
  }
  context.loadDialect<MoELoRADialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  options.name = model.modelType() + "_" + std::to_string(layer);
  options.number = layer;
  if (failed(buildLayer(builder, location, model.layer(layer), options)))
    return {};
  return module;
}
