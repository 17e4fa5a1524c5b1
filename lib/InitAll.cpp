// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/InitAll.h"
#include "moelora/codegen/Passes.h"
#include "moelora/dialect/CallSharding.h"
#include "moelora/passes/Passes.h"

namespace moelora {

void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<MoELoRADialect>();
  registerCallSharding(registry);
}

void registerAllPasses() {
  registerMoELoRAPasses();
  registerMoELoRACodegenPasses();
}

void registerAllPipelines() { registerMoELoRAPipelines(); }

} // namespace moelora
