// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two symbols that stock MLIR tools look up in a plugin.

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "moelora/InitAll.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"

static void registerDialects(mlir::DialectRegistry *registry) {
  moelora::registerAllDialects(*registry);
}

static void registerPasses() {
  moelora::registerAllPasses();
  moelora::registerAllPipelines();
}

extern "C" LLVM_ALWAYS_EXPORT mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MoELoRA", LLVM_VERSION_STRING,
          registerDialects};
}

extern "C" LLVM_ALWAYS_EXPORT mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MoELoRA", LLVM_VERSION_STRING,
          registerPasses};
}
