// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_DIALECT_OPBASE
#define MOELORA_DIALECT_OPBASE

include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moelora/dialect/Types.td"

class MoELoRA_Op<string mnemonic, list<Trait> traits = []>
    : Op<MoELoRA_Dialect, mnemonic, traits>;

// Every op but the layer and its terminator: no memory, no effects.
class MoELoRA_PureOp<string mnemonic, list<Trait> traits = []>
    : MoELoRA_Op<mnemonic, !listconcat([Pure], traits)> {
  let hasVerifier = 1;
}

// A pure op whose result is printed under a name that tells what it is.
class MoELoRA_NamedOp<string mnemonic, string resultName,
                      list<Trait> traits = []>
    : MoELoRA_PureOp<mnemonic, !listconcat(
          [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>], traits)> {
  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(
        ::mlir::OpAsmSetValueNameFn setName) {
      setName(getOperation()->getResult(0), "}] # resultName # [{");
    }
  }];
}

#endif // MOELORA_DIALECT_OPBASE
