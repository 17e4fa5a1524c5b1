// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A host compiler with its own dialect and moelora's, which runs moelora's
// pipeline from C++ on a module with both.

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "moelora/InitAll.h"
#include "moelora/dialect/Ops.h"

#include "ToyDialect.h.inc"
#define GET_OP_CLASSES
#include "ToyOps.h.inc"

#include "ToyDialect.cpp.inc"
#define GET_OP_CLASSES
#include "ToyOps.cpp.inc"

void toy::ToyDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ToyOps.cpp.inc"
      >();
}

int main(int argc, char **argv) {
  if (argc != 3) {
    llvm::errs() << "usage: downstream FILE.mlir PIPELINE\n";
    return 2;
  }
  mlir::DialectRegistry registry;
  registry.insert<toy::ToyDialect>();
  moelora::registerAllDialects(registry);
  moelora::registerAllPasses();
  moelora::registerAllPipelines();

  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  mlir::PassManager passes(&context);
  if (!module || failed(mlir::parsePassPipeline(argv[2], passes)) ||
      failed(passes.run(*module)))
    return 1;
  module->print(llvm::outs());
}
