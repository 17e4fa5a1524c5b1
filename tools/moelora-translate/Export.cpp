// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Translates a module of the LLVM dialect to machine code.

#include "Translations.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "moelora/link/SharedObject.h"

using namespace mlir;

static void registerDialects(DialectRegistry &registry) {
  registry.insert<DLTIDialect, LLVM::LLVMDialect>();
}

static LogicalResult exportObject(ModuleOp module, llvm::raw_ostream &out) {
  auto object = moelora::emitObject(module);
  if (failed(object))
    return failure();
  out.write(object->data(), object->size());
  return success();
}

static LogicalResult exportSharedObject(ModuleOp module,
                                        llvm::raw_ostream &out) {
  std::optional<std::string> linked = moelora::emitSharedObject(module);
  if (!linked)
    return failure();
  out << *linked;
  return success();
}

void registerExports() {
  static TranslateFromMLIRRegistration object(
      "moelora-to-object", "what moelora-to-cpu made to a relocatable object",
      exportObject, registerDialects);
  static TranslateFromMLIRRegistration sharedObject(
      "moelora-to-so", "what moelora-to-cpu made to a shared object",
      exportSharedObject, registerDialects);
}
