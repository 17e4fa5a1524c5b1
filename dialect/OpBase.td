// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_DIALECT_OPBASE
#define MOELORA_DIALECT_OPBASE

include "mlir/IR/OpAsmInterface.td"
include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moelora/dialect/Types.td"

// A layer owns its buffers: code generation places every value in one workspace
// that the caller provides. Bufferization therefore ignores a layer and its
// ops, and converts only the tensors of the host program to memrefs. Its
// analysis calls these methods for every op nevertheless: operands are read,
// and nothing aliases.
class MoELoRA_Op<string mnemonic, list<Trait> traits = []>
    : Op<MoELoRA_Dialect, mnemonic, !listconcat(
          [DeclareOpInterfaceMethods<BufferizableOpInterface,
               ["hasTensorSemantics", "resolveConflicts",
                "bufferizesToMemoryRead", "bufferizesToMemoryWrite",
                "getAliasingValues"]>], traits)> {
  code bufferizationDefinition = [{
    bool $cppClass::hasTensorSemantics() { return false; }
    bool $cppClass::bufferizesToMemoryRead(
        ::mlir::OpOperand &, const ::mlir::bufferization::AnalysisState &) {
      return true;
    }
    bool $cppClass::bufferizesToMemoryWrite(
        ::mlir::OpOperand &, const ::mlir::bufferization::AnalysisState &) {
      return false;
    }
    ::mlir::bufferization::AliasingValueList $cppClass::getAliasingValues(
        ::mlir::OpOperand &, const ::mlir::bufferization::AnalysisState &) {
      return {};
    }
    ::llvm::LogicalResult $cppClass::resolveConflicts(
        ::mlir::RewriterBase &, const ::mlir::bufferization::AnalysisState &,
        const ::mlir::bufferization::BufferizationState &) {
      return ::mlir::success();
    }
  }];
  let extraClassDefinition = bufferizationDefinition;
}

// The class of all ops except the layer and its terminator. They have no side
// effects.
class MoELoRA_PureOp<string mnemonic, list<Trait> traits = []>
    : MoELoRA_Op<mnemonic, !listconcat([Pure], traits)> {
  let hasVerifier = 1;
}

// A pure op whose result has a descriptive name when it is printed.
class MoELoRA_NamedOp<string mnemonic, string resultName,
                      list<Trait> traits = []>
    : MoELoRA_PureOp<mnemonic, !listconcat(
          [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>], traits)> {
  let extraClassDefinition = bufferizationDefinition # [{
    void $cppClass::getAsmResultNames(
        ::mlir::OpAsmSetValueNameFn setName) {
      setName(getOperation()->getResult(0), "}] # resultName # [{");
    }
  }];
}

#endif // MOELORA_DIALECT_OPBASE
