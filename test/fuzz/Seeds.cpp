// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules that are not in files of IR: the layers of models.

#include "Stages.h"
#include "moelora/import/Import.h"

using namespace mlir;

namespace moelora::fuzz {

std::vector<std::string> layersOf(const std::string &config) {
  std::vector<std::string> layers;
  auto model = models::parseModel(config, "config.json");
  if (!model)
    return layers;
  MLIRContext context(MLIRContext::Threading::DISABLED);
  for (int number : model->distinctLayers()) {
    OwningOpRef<ModuleOp> module = importLayer(
        context, UnknownLoc::get(&context), *model, number, LayerOptions());
    if (module)
      llvm::raw_string_ostream(layers.emplace_back()) << *module;
  }
  return layers;
}

} // namespace moelora::fuzz
