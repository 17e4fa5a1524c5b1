// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the ranks of a grid do together. These ops belong to both levels.

#ifndef MOELORA_DIALECT_SHARDOPS
#define MOELORA_DIALECT_SHARDOPS

include "moelora/dialect/OpBase.td"

def MoELoRA_ReduceOp : MoELoRA_Op<"reduce", [
    AllTypesMatch<["partial", "sum"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "adds up the partial sums of ranks";
  let description = [{
    The sum of `partial` over the ranks along the axes, in ascending order of
    their numbers, in f32. All of these ranks have the same tokens, take part, and
    get the same bits.

    All ranks run the collective ops of a layer in the same order, so this op is
    not pure: it is neither removed nor merged.

    Lifespan: made by `moelora-shard`; lowered to the service `collective`.

    Constraints:
    - (C1) the rows have rank 2.
    - (C2) the axes do not include dp, whose ranks have other tokens.

    Example:
    ```mlir
    %s = moelora.reduce %p over <tp> : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins MoELoRA_Accumulator:$partial, MoELoRA_AxesAttr:$axes);
  let results = (outs MoELoRA_Accumulator:$sum);
  let assemblyFormat = "$partial `over` $axes attr-dict `:` type($partial)";
  let hasVerifier = 1;
  let extraClassDefinition = bufferizationDefinition # [{
    void $cppClass::getAsmResultNames(
        ::mlir::OpAsmSetValueNameFn setName) {
      setName(getSum(), "sum");
    }
  }];
}

def MoELoRA_FinishOp : MoELoRA_NamedOp<"finish", "output", [
    AttrSizedOperandSegments]> {
  let summary = "rounds the sum of ranks, with what counts once";
  let description = [{
    `out[t] = sum[t] + routed_scale * iw[t] x[t]`, rounded once to the result's
    element type. `identity` has the rows `x` and the weights `iw` of
    `moelora.combine`, which each rank would add to its partial sum. Without it,
    the op only rounds.

    Lifespan: made by `moelora-shard` behind the `reduce` of a `combine`.

    Constraints:
    - (C1) sum and result are `[rows, columns]` with the same columns.
    - (C2) identity rows and their weights occur together; the rows have the
      result's type, and the weights have one column.

    Example:
    ```mlir
    %o = moelora.finish %s : tensor<?x64xf32> -> tensor<?x64xbf16>
    ```
  }];
  let arguments = (ins MoELoRA_Accumulator:$sum,
                       Optional<MoELoRA_Rows>:$identity,
                       Optional<MoELoRA_ExpertWeights>:$identity_weights,
                       DefaultValuedAttr<F32Attr, "1.0f">:$routed_scale);
  let results = (outs MoELoRA_Rows:$result);
  let assemblyFormat = [{
    $sum (`identity` `(` $identity^ `,` $identity_weights `:` type($identity)
        `,` type($identity_weights) `)`)? attr-dict
    `:` type($sum) `->` type($result)
  }];
}

#endif // MOELORA_DIALECT_SHARDOPS
