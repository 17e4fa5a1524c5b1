// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `routed` level, which defines what a layer computes.

#ifndef MOELORA_DIALECT_ROUTEDOPS
#define MOELORA_DIALECT_ROUTEDOPS

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "moelora/dialect/OpBase.td"

def MoELoRA_LayerOp : MoELoRA_Op<"layer", [
    FunctionOpInterface, IsolatedFromAbove,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>,
    SingleBlock]> {
  let summary = "one Mixture-of-Experts layer, the unit of compilation";
  let description = [{
    A function-like op whose arguments are identified by their role
    (`moelora.role`). Its body computes the layer's output from them with
    `moelora` ops. It is the unit of sharding, and an artifact describes one
    layer with its entry points (from hidden states, from logits, from ids and
    weights). With a `grid`, it is the part of one rank, as `moelora-shard` makes
    it. With expert parallelism, the argument of role `expert_map` says where each
    expert is: entry `i` is the ep coordinate of the rank of expert `i`, times the
    number of local experts, plus its number on that rank; or -1. The attribute
    `expert_map` is the map that loaders use unless they are given another. Without
    a `grid`, the layer may have such an argument as the part of a host program
    (`moelora.call`): entry `i` is the number of expert `i` in this layer, or -1 if
    another part has it.

    Lifespan: made by the importer or by hand; consumed by code generation.

    Constraints:
    - (C1) every argument has a `moelora.role`, and no role occurs twice.
    - (C2) the argument of role `hidden` exists and has rank 2.
    - (C3) there is one result, of the type of the `hidden` argument, or of f32
      and its shape: a sum that is not rounded.
    - (C4) arguments are slot tables, whose role ends in `_adapters`, or ranked
      tensors, whose role does not.
    - (C5) the static sizes of an argument multiply to at most 2^48.
    - (C6) the type of an argument is that of its role, and sizes that several
      roles share are equal.
    - (C7) the first size of an op's result, the number of rows, is dynamic; all
      others are static and not 0.
    - (C8) an op reads rows of the kind that it requires: of tokens, of the
      pairs of its own plan, shrunk by its own table, or the same for all tokens
      (dialect/README.md).
    - (C9) there is at most one `resolve_slots`, of the argument with the slot
      ids; plans take its result, and have as many slots as its tables.
    - (C10) the table of a delta is one of those in which the slots of its plan
      were resolved.
    - (C11) the schedule of an op has the tokens of the schedule of its plan.
    - (C12) an op that depends on the coordinates of a rank is in a layer with a
      `grid`: one that exchanges values or takes a rank's own rows, a plan `over`
      axes, and one that adds a bias or shared rows only on some ranks. A plan with
      a map needs no grid.
    - (C13) rows are gathered over axes that cut the tokens of the grid, from rows
      that are not, and ops read rows that are gathered over the same axes. `own`
      takes those along all of these axes or along the first of them.
    - (C14) an `expert_map`, the content of the argument of this role, has its type,
      and the layer has a grid. Each row names local experts of ranks, each at most
      once, or -1.

    Example:
    ```mlir
    moelora.layer @given(
        %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
        %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
        %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
        %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
        -> tensor<?x64xbf16> {
      %plan = moelora.dispatch %ids : tensor<?x2xi32>
        -> !moelora.plan<4 experts, 0 slots, top_k = 2>
      %y = moelora.expert_gemm gather %x by %plan, %w2
        : tensor<?x64xbf16>, !moelora.plan<4 experts, 0 slots, top_k = 2>,
          tensor<4x64x64xbf16> -> tensor<?x64xf32>
      %o = moelora.combine %y by %plan, %w
        : tensor<?x64xf32>, !moelora.plan<4 experts, 0 slots, top_k = 2>,
          tensor<?x2xf32> -> tensor<?x64xbf16>
      moelora.yield %o : tensor<?x64xbf16>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<MoELoRA_GridAttr>:$grid,
                       OptionalAttr<I32ElementsAttr>:$expert_map,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The argument of this role, or null.
    ::mlir::BlockArgument getArgument(::moelora::Role role);
    /// The role of argument `index`; the verifier guarantees that it has one.
    ::moelora::Role getRole(unsigned index);

    ::mlir::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::mlir::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def MoELoRA_YieldOp : MoELoRA_Op<"yield", [
    Pure, ReturnLike, Terminator, HasParent<"LayerOp">]> {
  let summary = "ends a layer with its output";
  let description = [{
    Constraints:
    - (C1) operands have the types of the layer's results.

    Example:
    ```mlir
    moelora.yield %o : tensor<?x64xbf16>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$results);
  let assemblyFormat = "($results^ `:` type($results))? attr-dict";
  let hasVerifier = 1;
}

def MoELoRA_ResolveSlotsOp : MoELoRA_NamedOp<"resolve_slots", "slot", [
    AllTypesMatch<["ids", "slots"]>]> {
  let summary = "resolves the slot ids of tokens to slots";
  let description = [{
    The result for a token is the slot index if the slot of its id is published,
    enabled, and has the generation of the id. Otherwise it is -1, which means
    base. Ids other than -1 that do not resolve are counted. All other ops of
    the layer use this result, so a change of the table cannot affect only a
    part of a layer.

    Lifespan: one per layer with adapters; the result feeds `dispatch`.

    Constraints:
    - (C1) all tables have the same number of slots, the same max_rank and the
      same page order.
    - (C2) there is a table.

    Example:
    ```mlir
    %slot = moelora.resolve_slots %ids in %t13, %t2 : tensor<?xi32>,
      !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>,
      !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
    ```
  }];
  let arguments = (ins MoELoRA_TokenIds:$ids,
                       Variadic<MoELoRA_SlotTableType>:$tables);
  let results = (outs MoELoRA_TokenIds:$slots);
  let assemblyFormat = [{
    $ids `in` $tables attr-dict `:` type($ids) `,` type($tables)
  }];
}

def MoELoRA_RouteOp : MoELoRA_PureOp<"route", [AttrSizedOperandSegments]> {
  let summary = "computes expert ids and weights from router logits";
  let description = [{
    Applies the stages of the `router` attribute to each row of the logits. The
    logits are the result of an `expert_gemm` over a plan of one expert (the
    router's linear projection, with an adapter's delta if there is one), or an
    argument. With a table, the ids of token `t` are row `token_ids[t]` of the
    table. A token id or an expert id out of range gives the id -1 and the
    weight 0, and is counted.

    Lifespan: made by the importer; absent if ids and weights are given.

    Constraints:
    - (C1) top_k is at most the number of experts.
    - (C2) ids and weights have top_k columns.
    - (C3) groups divide the experts, and top_groups is at most groups.
    - (C4) there is a bias exactly if `bias_on` is not `none` and there is no
      table; it has one element per expert that can be chosen.
    - (C5) there is one scale per expert.
    - (C6) table and token ids occur together; the table has top_k columns, and
      with it there are no experts that are always chosen.

    Example:
    ```mlir
    %ids, %w = moelora.route %logits
      {router = #moelora.router<top_k = 2, score = softmax>}
      : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
    ```
  }];
  let arguments = (ins MoELoRA_Rows:$logits, Optional<MoELoRA_Vector>:$bias,
                       Optional<MoELoRA_Vector>:$expert_scale,
                       Optional<MoELoRA_ExpertIds>:$table,
                       Optional<MoELoRA_TokenIds>:$token_ids,
                       MoELoRA_RouterAttr:$router);
  let results = (outs MoELoRA_ExpertIds:$ids, MoELoRA_ExpertWeights:$weights);
  let assemblyFormat = [{
    $logits (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`scale` `(` $expert_scale^ `:` type($expert_scale) `)`)?
    (`table` `(` $table^ `at` $token_ids `:` type($table) `,`
        type($token_ids) `)`)? attr-dict
    `:` type($logits) `->` type($ids) `,` type($weights)
  }];
}

def MoELoRA_DispatchOp : MoELoRA_NamedOp<"dispatch", "plan", [
    AttrSizedOperandSegments]> {
  let summary = "groups pairs of token and choice by expert and slot";
  let description = [{
    The result is the plan of the pairs `p = t * k + j`, whose expert is
    `ids[t, j]` and whose slot is `slots[t]`. Pairs with expert ids outside
    `[0, experts)` are dropped. Such ids are counted, except -1 and the
    `zero_experts` ids that follow the experts, which are those of experts
    without weights. Without ids, there is one pair per token, and all pairs
    have the same expert. Without slots, all pairs are base.

    With a `map`, `[copies, X]`, ids are numbers of all X experts of the ranks, and
    the plan is of the experts of this rank. Expert `i` of row `t` is number
    `map[t mod copies, i] - c * experts` here, where `c` is the rank's ep
    coordinate, or 0 if the layer has no grid, and is dropped without being counted
    if that is not in `[0, experts)`. The ids of `zero_experts` then follow X.

    The rows of a plan are those of its ids or slots. If it has neither, they are
    the rows of this rank, or those that are gathered `over` the axes.

    Lifespan: becomes `moelora.plan` when the layer is fused.

    Constraints:
    - (C1) ids have top_k columns.
    - (C2) a plan without ids has one expert and top_k 1.
    - (C3) a plan without slots has zero slots.
    - (C4) zero_experts is in [0, 2^20], and 0 without ids.
    - (C5) a map requires ids.
    - (C6) `over` requires that there are no ids and no slots, and its axes do not
      include dp.

    Example:
    ```mlir
    %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
      : tensor<?x2xi32> -> !moelora.plan<8 experts, 4 slots, top_k = 2>
    %one = moelora.dispatch slots(%slot : tensor<?xi32>)
      -> !moelora.plan<1 experts, 4 slots, top_k = 1>
    ```
  }];
  let arguments = (ins Optional<MoELoRA_ExpertIds>:$ids,
                       Optional<MoELoRA_TokenIds>:$slots,
                       Optional<MoELoRA_ExpertMap>:$map,
                       DefaultValuedAttr<I64Attr, "0">:$zero_experts,
                       OptionalAttr<MoELoRA_AxesAttr>:$over);
  let results = (outs MoELoRA_PlanType:$plan);
  let assemblyFormat = [{
    ($ids^)? (`slots` `(` $slots^ `:` type($slots) `)`)?
    (`map` `(` $map^ `:` type($map) `)`)? (`over` $over^)? attr-dict
    (`:` type($ids)^)? `->` type($plan)
  }];
}

def MoELoRA_ExpertGemmOp : MoELoRA_NamedOp<"expert_gemm", "rows"> {
  let summary = "grouped GEMM of a plan's rows with per-expert weights";
  let description = [{
    `y[p, s, :] = W[e, s] x[row] + b[e, s]` for pair `p` of expert `e`, where
    `row` is `p / top_k` with `gather` (the input has a row per token) and `p`
    without it (a row per pair). Weights are `[E, out, in]`, or
    `[E, slices, out, in]` for gate and up. The result is an accumulator: f32,
    not rounded. Rows of dropped pairs are unspecified and never read. With
    `once`, only ranks whose tp coordinate is 0 add the bias.

    Lifespan: becomes `moelora.grouped_matmul` in `moelora-fuse-lora`.

    Constraints:
    - (C1) weight and plan have the same experts.
    - (C2) the input's columns are the weight's `in`.
    - (C3) the result's columns are the weight's slices and `out`.
    - (C4) the bias is the weight's shape without `in`.
    - (C5) the weight's element type is the input's or f32.
    - (C6) `once` requires a bias.

    Example:
    ```mlir
    %h = moelora.expert_gemm gather %x by %plan, %w13
      : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
        tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
    ```
  }];
  let arguments = (ins MoELoRA_Rows:$input, MoELoRA_PlanType:$plan,
                       MoELoRA_Weight:$weight, Optional<MoELoRA_Bias>:$bias,
                       UnitAttr:$gather, UnitAttr:$once);
  let results = (outs MoELoRA_Accumulator:$result);
  let assemblyFormat = [{
    (`gather` $gather^)? $input `by` $plan `,` $weight
    (`bias` `(` $bias^ `:` type($bias) `)`)? (`once` $once^)? attr-dict
    `:` type($input) `,` type($plan) `,` type($weight) `->` type($result)
  }];
}

def MoELoRA_LoraDeltaOp : MoELoRA_NamedOp<"lora_delta", "adapted", [
    AllTypesMatch<["accumulator", "result"]>]> {
  let summary = "adds each row's low-rank delta to an accumulator";
  let description = [{
    `acc[p, s, :] + B (scale * A x[row])` with the pair `(A, B)`, `scale` of
    pair `p`'s slot and expert and of slice `s`; or the accumulator itself if
    the slot is -1 or has no pair for the expert (the delta is skipped, not
    multiplied by zero). `u = scale * A x` is rounded once, to the table's
    element type; the sum with the base is not rounded.

    Lifespan: fused into the accumulators of the GEMM it follows by
    `moelora-fuse-lora`.

    Constraints:
    - (C1) table and plan have the same experts and slots.
    - (C2) the input's columns are the table's `in`.
    - (C3) the accumulator's columns are the table's slices and `out`.

    Example:
    ```mlir
    %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
      : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
        !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>,
        tensor<?x2x32xf32>
    ```
  }];
  let arguments = (ins MoELoRA_Rows:$input, MoELoRA_PlanType:$plan,
                       MoELoRA_SlotTableType:$table,
                       MoELoRA_Accumulator:$accumulator, UnitAttr:$gather);
  let results = (outs MoELoRA_Accumulator:$result);
  let assemblyFormat = [{
    (`gather` $gather^)? $input `by` $plan `,` $table `into` $accumulator
    attr-dict
    `:` type($input) `,` type($plan) `,` type($table) `,` type($accumulator)
  }];
  let hasFolder = 1;
}

def MoELoRA_ActivationOp : MoELoRA_NamedOp<"activation", "activated", [
    AttrSizedOperandSegments]> {
  let summary = "the non-linearity between the two expert GEMMs";
  let description = [{
    Row-wise `f(g) * (u + up_offset)` of an accumulator `[rows, 2, I]`, or
    `f(u)` of `[rows, 1, I]`, computed in f32 and rounded once to the result's
    element type. `weighted` first multiplies the accumulator of pair `p` by the
    weight `w[p]`. For a linear projection without a bias this is equal to
    weighting its input, but without rounding the weighted input.

    Lifespan: fused into the epilogue of the GEMM by `moelora-fuse-epilogue`.

    Constraints:
    - (C1) a gated activation reads two slices, a plain one reads one.
    - (C2) the result's columns are the accumulator's last dimension.
    - (C3) input weights and plan occur together; the weights have top_k
      columns.

    Example:
    ```mlir
    %a = moelora.activation %hd {function = #moelora.act<silu, gated>}
      : tensor<?x2x32xf32> -> tensor<?x32xbf16>
    ```
  }];
  let arguments = (ins MoELoRA_Accumulator:$accumulator,
                       Optional<MoELoRA_ExpertWeights>:$input_weights,
                       Optional<MoELoRA_PlanType>:$plan,
                       MoELoRA_ActivationAttr:$function);
  let results = (outs MoELoRA_Rows:$result);
  let assemblyFormat = [{
    $accumulator (`weighted` `(` $input_weights^ `by` $plan `:`
        type($input_weights) `,` type($plan) `)`)? attr-dict `:` type($accumulator) `->` type($result)
  }];
}

def MoELoRA_CombineOp : MoELoRA_NamedOp<"combine", "output", [AttrSizedOperandSegments]> {
  let summary = "weighted sum of each token's rows";
  let description = [{
    `out[t] = routed_scale * (sum_j w[t, j] y[t * k + j] + iw[t] x[t]) +
    shared_scale * sigmoid(score[t]) * shared[t]`, rounded once to the result's
    element type. The sum is over the pairs that were not dropped, in ascending
    expert order, in f32. Without weights, all weights are one. `identity` has
    the rows `x` and the weights `iw`. A term whose operands are absent is
    omitted, and without a score the sigmoid is one.

    With `own`, shared rows and score are those of this rank along the axes, and are
    added to these rows only. With `shared_once`, only ranks whose ep coordinate is
    0 add them.

    Lifespan: fused into the epilogue of the down GEMM by
    `moelora-fuse-epilogue`.

    Constraints:
    - (C1) weights have the plan's top_k columns.
    - (C2) the result's columns are the rows' columns.
    - (C3) shared rows have the result's columns.
    - (C4) a score requires shared rows and has one column.
    - (C5) identity rows and their weights occur together; the rows have the
      result's type, and the weights have one column.
    - (C6) `own` and `shared_once` require shared rows, and do not occur together;
      the axes of `own` do not include dp.

    Example:
    ```mlir
    %o = moelora.combine %yd by %plan, %w
      : tensor<?x64xf32>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
        tensor<?x2xf32> -> tensor<?x64xbf16>
    ```
  }];
  let arguments = (ins MoELoRA_Accumulator:$rows, MoELoRA_PlanType:$plan,
                       Optional<MoELoRA_ExpertWeights>:$weights,
                       Optional<MoELoRA_Rows>:$identity,
                       Optional<MoELoRA_ExpertWeights>:$identity_weights,
                       Optional<MoELoRA_Accumulator>:$shared,
                       Optional<MoELoRA_Accumulator>:$score,
                       DefaultValuedAttr<F32Attr, "1.0f">:$routed_scale,
                       DefaultValuedAttr<F32Attr, "1.0f">:$shared_scale,
                       OptionalAttr<MoELoRA_AxesAttr>:$own,
                       UnitAttr:$shared_once);
  let results = (outs MoELoRA_Rows:$result);
  let assemblyFormat = [{
    $rows `by` $plan (`,` $weights^)?
    (`identity` `(` $identity^ `,` $identity_weights `:` type($identity) `,`
        type($identity_weights) `)`)?
    (`shared` `(` $shared^ (`own` $own^)? (`once` $shared_once^)? `:`
        type($shared) `)`)?
    (`score` `(` $score^ `:` type($score) `)`)? attr-dict
    `:` type($rows) `,` type($plan) (`,` type($weights)^)? `->` type($result)
  }];
}

def MoELoRA_IdentityWeightOp : MoELoRA_NamedOp<"identity_weight", "identity"> {
  let summary = "sum of a token's weights for experts that return their input";
  let description = [{
    `iw[t]` is the sum of `w[t, j]` over the choices `j` whose id is in
    `[first, end)`, in ascending order of the ids, in f32.

    Lifespan: made by the importer for layers with identity experts; the result
    feeds `combine`.

    Constraints:
    - (C1) ids and weights have the same columns.
    - (C2) `first` is not negative and less than `end`, which is at most 2^20.
    - (C3) the result has one column.

    Example:
    ```mlir
    %iw = moelora.identity_weight %ids, %w from 8 to 12
      : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
    ```
  }];
  let arguments = (ins MoELoRA_ExpertIds:$ids, MoELoRA_ExpertWeights:$weights,
                       I64Attr:$first, I64Attr:$end);
  let results = (outs MoELoRA_ExpertWeights:$result);
  let assemblyFormat = [{
    $ids `,` $weights `from` $first `to` $end attr-dict
    `:` type($ids) `,` type($weights) `->` type($result)
  }];
}

def MoELoRA_RmsNormOp : MoELoRA_NamedOp<"rms_norm", "normed"> {
  let summary = "root mean square norm of each row";
  let description = [{
    `x[t] / sqrt(mean(x[t]^2) + epsilon) * scale`, times `weight` column by
    column if there is one; computed in f32 and rounded once to the result's
    element type.

    Lifespan: made by the importer, before a router that normalises its input,
    and after the sum of a layer that normalises its output.

    Constraints:
    - (C1) input and result have the same columns.
    - (C2) the weight has one element per column.
    - (C3) epsilon is finite and not negative.

    Example:
    ```mlir
    %n = moelora.rms_norm %x weight(%v : tensor<64xf32>)
      {epsilon = 1.0e-06 : f32, scale = 0.125 : f32}
      : tensor<?x64xbf16> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins MoELoRA_Rows:$input, Optional<MoELoRA_Vector>:$weight,
                       F32Attr:$epsilon,
                       DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs MoELoRA_Rows:$result);
  let assemblyFormat = [{
    $input (`weight` `(` $weight^ `:` type($weight) `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
}

#endif // MOELORA_DIALECT_ROUTEDOPS
