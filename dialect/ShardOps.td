// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the ranks of a grid do together. These ops belong to both levels.

#ifndef MOELORA_DIALECT_SHARDOPS
#define MOELORA_DIALECT_SHARDOPS

include "moelora/dialect/OpBase.td"

// Ranks do what these ops say together, in the order of the layer. So the ops
// are not pure: they are neither removed nor merged.

def MoELoRA_AllGatherOp : MoELoRA_Op<"all_gather", [
    InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "the rows of all ranks along axes";
  let description = [{
    Each result has the rows of its input on all ranks along the axes, in
    ascending order of the ranks' numbers. All operands travel in one message. The
    numbers of rows of the ranks may differ; all ranks know them.

    Lifespan: made by `moelora-shard` where ranks have different tokens; lowered to
    the service `collective`. Slot ids travel once per step, for all layers.

    Constraints:
    - (C1) there is an input.
    - (C2) the axes do not include dp.

    Example:
    ```mlir
    %xg, %ig, %wg = moelora.all_gather %x, %ids, %w over <ep>
      : tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>
    ```
  }];
  let arguments = (ins Variadic<MoELoRA_TokenRows>:$inputs,
                       MoELoRA_AxesAttr:$axes);
  let results = (outs Variadic<MoELoRA_TokenRows>:$results);
  let assemblyFormat = "$inputs `over` $axes attr-dict `:` type($inputs)";
  let hasVerifier = 1;
  let extraClassDefinition = bufferizationDefinition # [{
    void $cppClass::getAsmResultNames(
        ::mlir::OpAsmSetValueNameFn setName) {
      for (::mlir::Value result : getResults())
        setName(result, "all");
    }
  }];
}

def MoELoRA_OwnOp : MoELoRA_NamedOp<"own", "own", [
    AllTypesMatch<["gathered", "result"]>]> {
  let summary = "the rows of this rank among gathered rows";
  let description = [{
    The rows that ranks with this rank's coordinates along the axes have. If the
    input is gathered over other axes too, the result still is.

    Lifespan: made by `moelora-shard`; no rows are copied.

    Constraints:
    - (C1) the axes do not include dp.

    Example:
    ```mlir
    %slot = moelora.own %slotg over <ep> : tensor<?xi32>
    ```
  }];
  let arguments = (ins MoELoRA_TokenRows:$gathered, MoELoRA_AxesAttr:$axes);
  let results = (outs MoELoRA_TokenRows:$result);
  let assemblyFormat = "$gathered `over` $axes attr-dict `:` type($gathered)";
}

def MoELoRA_ReduceOp : MoELoRA_Op<"reduce", [
    AllTypesMatch<["partial", "sum"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "adds up the partial sums of ranks";
  let description = [{
    The sum of `partial` over the ranks along the axes, in ascending order of
    their numbers, in f32. Without `keep`, all of these ranks have the same tokens
    and get the same bits. With `keep`, `partial` has the rows that an `all_gather`
    over these axes produces, and the sum those of this rank.

    Lifespan: made by `moelora-shard`; lowered to the service `collective`.

    Constraints:
    - (C1) the rows have rank 2.
    - (C2) the axes do not include dp, whose ranks have other tokens.
    - (C3) the axes include those of `keep`.

    Example:
    ```mlir
    %s = moelora.reduce %p over <ep, tp> keep <ep> : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins MoELoRA_Accumulator:$partial, MoELoRA_AxesAttr:$axes,
                       OptionalAttr<MoELoRA_AxesAttr>:$keep);
  let results = (outs MoELoRA_Accumulator:$sum);
  let assemblyFormat = [{
    $partial `over` $axes (`keep` $keep^)? attr-dict `:` type($partial)
  }];
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
