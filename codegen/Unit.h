// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module that is generated for one layer: its functions and constants.
#ifndef MOELORA_CODEGEN_UNIT_H
#define MOELORA_CODEGEN_UNIT_H

#include "Code.h"
#include "mlir/IR/BuiltinOps.h"
#include "moelora/codegen/Target.h"

namespace moelora::codegen {

class Unit {
public:
  /// Symbols are named PREFIX.name.
  Unit(mlir::ModuleOp module, mlir::Location loc, llvm::StringRef prefix,
       const CpuTarget &target)
      : module(module), loc(loc), prefix(prefix), target(target) {}

  using Body =
      llvm::function_ref<void(Code &, llvm::ArrayRef<mlir::BlockArgument>)>;

  /// A private function. The body has no return if there is no result.
  mlir::LLVM::LLVMFuncOp function(llvm::StringRef name,
                                  llvm::ArrayRef<mlir::Type> arguments,
                                  mlir::Type result, Body body);
  /// A public function, whose name has no prefix.
  mlir::LLVM::LLVMFuncOp exported(llvm::StringRef name,
                                  llvm::ArrayRef<mlir::Type> arguments,
                                  mlir::Type result, Body body);
  /// The existing function with this name, or null.
  mlir::LLVM::LLVMFuncOp find(llvm::StringRef name);

  /// Constant data, whose value `body` returns.
  mlir::LLVM::GlobalOp constant(llvm::StringRef name,
                                llvm::function_ref<mlir::Value(Code &)> body);
  mlir::LLVM::GlobalOp bytes(llvm::StringRef name, llvm::StringRef data);
  mlir::LLVM::GlobalOp text(llvm::StringRef name, llvm::StringRef data);

  mlir::OpBuilder atEnd();
  mlir::MLIRContext *context() { return module.getContext(); }
  mlir::Type pointer();
  mlir::Type i64();
  mlir::Type none();
  std::string symbol(llvm::StringRef name) {
    return (llvm::Twine(prefix) + "." + name).str();
  }

  mlir::ModuleOp module;
  mlir::Location loc;
  std::string prefix;
  CpuTarget target;

private:
  mlir::LLVM::LLVMFuncOp define(llvm::StringRef symbol,
                                llvm::ArrayRef<mlir::Type> arguments,
                                mlir::Type result, Body body);
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_UNIT_H
