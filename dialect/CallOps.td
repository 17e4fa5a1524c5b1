// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers as a part of a host program.

#ifndef MOELORA_DIALECT_CALLOPS
#define MOELORA_DIALECT_CALLOPS

include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moelora/dialect/Types.td"

def MoELoRA_CallOperand : AnyTypeOf<[
    AnyRankedTensor, AnyStridedMemRef, MoELoRA_SlotTableType],
    "ranked tensor, strided memref or slot table">;

def MoELoRA_CallOp : Op<MoELoRA_Dialect, "call", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<BufferizableOpInterface,
        ["bufferize", "bufferizesToAllocation", "bufferizesToMemoryRead",
         "bufferizesToMemoryWrite", "getAliasingValues", "getBufferType"]>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a layer in a host program";
  let description = [{
    Computes what the `moelora.layer` of this symbol computes of the operands,
    which are in the order of its arguments. The host may hold slot tables as
    values of its functions.

    `cut = [e, i]` computes one of `e * i` parts: of the experts, one of `e`
    parts; of the intermediate sizes of routed experts, one of `i` parts; and of
    that of a shared expert, one of `e * i` parts. Operands then have the types of
    one part. A size that is cut is divided:

    | roles | experts | intermediate size |
    | --- | --- | --- |
    | `gate_up_weight`, `gate_up_bias`, `down_weight`, `gate_up_adapters`, `down_adapters` | `e` | `i` |
    | `down_bias` | `e` | whole |
    | `shared_gate_up_weight`, `shared_gate_up_bias`, `shared_down_weight`, `shared_gate_up_adapters`, `shared_down_adapters` | whole | `e * i` |
    | all others | whole | whole |

    If `e` is more than 1, there is one operand more, after those of the layer: the
    expert map, `tensor<1xXxi32>`, with an entry for each of the X experts of the
    layer, which is the number of the expert in this part, or -1 if another part
    has it. Ids and routers are those of the whole layer, and pairs of experts of
    other parts are dropped and not counted.

    The result of a part is its f32 summand, which is not rounded. The host adds
    the parts and rounds the sum. Each part adds its `down_bias` and
    `shared_down_bias`, so the host passes zeros to all parts but one of those that
    share a bias.

    The op implements `ShardingInterface` of MLIR's shard dialect, so that its
    passes `sharding-propagation` and `shard-partition` make such parts, the sum
    and the rounding from a call of the whole layer (docs/sharding.md). The loops
    are tokens, experts, intermediate sizes of routed experts, intermediate size of
    the shared expert, and hidden sizes. The result is a sum over the second to the
    fourth, and the last are never cut. The axes of the fourth are those of the
    second and third.

    In its first form, the op has tensors and a result. Bufferization makes the
    second form, with memrefs and a destination that the layer writes.
    `%context` is what a run needs at run time besides tensors, and `%number` is
    the number of the layer in it (docs/calling.md). A call without a context is
    a pure function of its operands; one with a context may read and write
    memory through it.

    Lifespan: made by a host program. `moelora-instantiate` makes a layer for
    each cut, and `convert-moelora-call-to-llvm` makes calls of the runtime.

    Constraints:
    - (C1) operands are tensors and slot tables, and there is one result and no
      destination; or operands are memrefs and slot tables, and there is a
      destination and no result.
    - (C2) `cut` has two numbers, from 1 to 2^20.
    - (C3) context and number occur together.
    - (C4) the symbol is a `moelora.layer`.
    - (C5) there is an operand for each argument of the layer, and an expert map if
      the experts are cut.
    - (C6) each operand has the type of its argument, or of one part of it; a
      memref has its shape and element type. The page order of a slot table,
      which `moelora-schedule` chooses for a target, may differ. An expert map has
      an entry for each expert of the layer's plan of expert ids.
    - (C7) `cut` divides every size that it cuts.
    - (C8) the result, or the destination, has the type of the layer's result;
      of a part, with elements of f32.

    Example:
    ```mlir
    %y = moelora.call @given(%x, %ids, %w, %w2) in %context[%n]
      : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
         tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
    moelora.call @given(%bx, %bids, %bw, %bw2)
      into(%by : memref<?x64xbf16>) in %context[%n]
      : (memref<?x64xbf16>, memref<?x2xi32>, memref<?x2xf32>,
         memref<4x64x64xbf16>) -> ()
    %p = moelora.call @given(%x, %ids, %w, %half, %map) cut = [2, 1]
      : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
         tensor<2x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee,
                       Variadic<MoELoRA_CallOperand>:$inputs,
                       Optional<AnyStridedMemRef>:$destination,
                       Optional<MoELoRA_ContextType>:$run_context,
                       Optional<Index>:$number,
                       OptionalAttr<DenseI64ArrayAttr>:$cut);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $callee `(` $inputs `)` (`into` `(` $destination^ `:` type($destination) `)`)?
    (`in` $run_context^ `[` $number `]`)? (`cut` `=` $cut^)? attr-dict
    `:` functional-type($inputs, $result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// How many parts of the layer there are.
    ::moelora::Cut getParts() {
      auto cut = getCut();
      return cut ? ::moelora::Cut::ofCall((*cut)[0], (*cut)[1])
                 : ::moelora::Cut{};
    }
  }];
}

#endif // MOELORA_DIALECT_CALLOPS
