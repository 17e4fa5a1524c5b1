// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-translate: translates to and from MLIR.

#include "../Version.h"
#include "Translations.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "llvm/Support/CommandLine.h"

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter(printVersion);
  mlir::registerAllTranslations();
  registerImport();
  registerExports();
  return failed(mlir::mlirTranslateMain(argc, argv, "moelora translation"));
}
