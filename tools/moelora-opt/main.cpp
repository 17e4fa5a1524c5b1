// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-opt: runs passes of moelora and of upstream on a file of IR.
// MOELORA_DEBUG=TYPE prints the output of LDBG() with that debug type, from
// code that was compiled with assertions.

#include "../Version.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "moelora/InitAll.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Debug.h"

static void enableDebugOutput() {
  const char *type = std::getenv("MOELORA_DEBUG");
  if (!type)
    return;
  llvm::DebugFlag = true;
  llvm::setCurrentDebugTypes(&type, 1);
}

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter(printVersion);
  enableDebugOutput();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  moelora::registerAllDialects(registry);
  moelora::registerAllPasses();
  moelora::registerAllPipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "moelora optimizer\n", registry));
}
