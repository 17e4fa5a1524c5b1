// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of a call in a host function: an array of moelora_memory on the
// stack, and a call of moelora_call.
#ifndef MOELORA_CODEGEN_CALLCODE_H
#define MOELORA_CODEGEN_CALLCODE_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "moelora/dialect/Ops.h"

namespace moelora::codegen {

/// What the calls of one layer share.
struct CallSite {
  LayerOp layer;
  mlir::LLVM::LLVMFuncOp function; // moelora_call
  mlir::LLVM::GlobalOp name;       // of the layer, as a text of C
};

/// Declares moelora_call, and defines the name of the layer. Fails with a
/// diagnostic if the module has another symbol of this name.
mlir::FailureOr<CallSite> declareCallSite(LayerOp layer, mlir::ModuleOp module);

/// An operand of a call: a memref, or the address of a slot table, and its
/// role.
struct CallOperand {
  int32_t role;
  mlir::Value value;
};

/// Writes the call at the insertion point. `context` is an address, and
/// `number` an index.
void emitCall(mlir::OpBuilder &builder, mlir::Location loc,
              const CallSite &site, llvm::ArrayRef<CallOperand> operands,
              mlir::Value context, mlir::Value number);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_CALLCODE_H
