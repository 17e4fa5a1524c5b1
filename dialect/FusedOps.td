// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `fused` level, which is the input of code generation.

#ifndef MOELORA_DIALECT_FUSEDOPS
#define MOELORA_DIALECT_FUSEDOPS

include "moelora/dialect/OpBase.td"
include "moelora/dialect/Schedules.td"

def MoELoRA_PlanSchedule
    : AnyAttrOf<[MoELoRA_ScheduleAttr, MoELoRA_CpuScheduleAttr],
                "the schedule of a GPU or of a CPU">;

def MoELoRA_PlanOp : MoELoRA_NamedOp<"plan", "plan", [AttrSizedOperandSegments]> {
  let summary = "constructs the plan that kernels run over";
  let description = [{
    The same plan as that of `dispatch`, with the same operands. Its schedule states how the rows of an
    expert are divided for the ops that run over it: `#moelora.cpu_schedule` for
    a CPU, `#moelora.schedule` for a GPU. In batches of up to `consumer_pairs`
    pairs no kernel of its own runs on a GPU: the first kernel that reads the plan
    makes it, each thread block for itself, and stores it for later ones. An
    entry point that does not run this kernel has one for the plan.

    Lifespan: made from `dispatch` by `moelora-fuse-lora`, and scheduled by
    `moelora-schedule`; lowered to the runtime's plan construction.

    Constraints:
    - (C1) ids have top_k columns.
    - (C2) a plan without ids has one expert and top_k 1.
    - (C3) a plan without slots has zero slots.
    - (C4) zero_experts is in [0, 2^20], and 0 without ids.
    - (C5) consumer_pairs is in [1, 512], with the schedule of a GPU, at most
      16384 experts and at most 32766 slots.
    - (C6) a map requires ids.
    - (C7) `over` requires that there are no ids and no slots, and its axes do not
      include dp.

    Example:
    ```mlir
    %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
      schedule(#moelora.cpu_schedule<rows = 48, group = 4>)
      : tensor<?x2xi32> -> !moelora.plan<8 experts, 4 slots, top_k = 2>
    ```
  }];
  let arguments = (ins Optional<MoELoRA_ExpertIds>:$ids,
                       Optional<MoELoRA_TokenIds>:$slots,
                       Optional<MoELoRA_ExpertMap>:$map,
                       OptionalAttr<MoELoRA_PlanSchedule>:$schedule,
                       OptionalAttr<I64Attr>:$consumer_pairs,
                       DefaultValuedAttr<I64Attr, "0">:$zero_experts,
                       OptionalAttr<MoELoRA_AxesAttr>:$over);
  let results = (outs MoELoRA_PlanType:$plan);
  let assemblyFormat = [{
    ($ids^)? (`slots` `(` $slots^ `:` type($slots) `)`)?
    (`map` `(` $map^ `:` type($map) `)`)? (`over` $over^)?
    (`schedule` `(` $schedule^ `)`)? (`in_consumer` $consumer_pairs^)? attr-dict
    (`:` type($ids)^)? `->` type($plan)
  }];
  let extraClassDeclaration = [{
    /// The largest plan that a consumer can make.
    static constexpr int64_t MostConsumerPairs = 512, // of a batch
                             MostConsumerExperts = 16384,
                             MostConsumerSlots = 32766;

    /// The first op that reads the plan, in the order of the layer; null if
    /// there is none.
    ::mlir::Operation *firstConsumer();
  }];
}

def MoELoRA_ShrinkOp : MoELoRA_NamedOp<"shrink", "shrunk"> {
  let summary = "each row's scaled projection into rank space";
  let description = [{
    `u[p, s, :] = scale * A x[row]` with the pair of `p`'s slot and expert and
    of slice `s`, rounded once to the result's element type. Columns past the
    rank, and rows without a pair, are unspecified and never read. If the experts
    of the table share A, the plan may be one of tokens. The result then has one
    row for each token, because it is the same for all experts. A schedule states
    how it runs on a GPU; its features are ranks. In batches of tiles of
    `epilogue_tokens` tokens no kernel of its own runs: the epilogue of the
    `grouped_matmul` that makes the input computes the result.

    Lifespan: made by `moelora-fuse-lora`, moved to a plan of tokens by
    `moelora-shared-outer`, and scheduled by `moelora-schedule`; consumed by the
    `lora` operand of one `grouped_matmul` over the same plan, or one with the
    same slots, and the same table.

    Constraints:
    - (C1) table and plan have the same experts and slots; the plan may have one
      expert if those of the table share A.
    - (C2) the input's columns are the table's `in`.
    - (C3) the result is `[rows, slices, max_rank]` in the table's element type.
    - (C4) `epilogue_tokens` are tokens of tiles of the schedule, ascending, and
      the input is an activation of a `grouped_matmul` over the same plan.

    Example:
    ```mlir
    %u = moelora.shrink gather %x by %plan, %t13
      : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
        !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
        -> tensor<?x2x16xbf16>
    ```
  }];
  let arguments = (ins MoELoRA_Rows:$input, MoELoRA_PlanType:$plan,
                       MoELoRA_SlotTableType:$table,
                       OptionalAttr<MoELoRA_ScheduleAttr>:$schedule,
                       OptionalAttr<DenseI64ArrayAttr>:$epilogue_tokens,
                       UnitAttr:$gather);
  let results = (outs MoELoRA_Shrunk:$result);
  let assemblyFormat = [{
    (`gather` $gather^)? $input `by` $plan `,` $table
    (`schedule` `(` $schedule^ `)`)? (`epilogue` $epilogue_tokens^)? attr-dict
    `:` type($input) `,` type($plan) `,` type($table) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether it has a row per token for all experts of its table.
    bool isOfTokens();
    /// Whether an epilogue computes it in batches of tiles of `tokens` tokens.
    bool isInEpilogue(int64_t tokens) {
      auto counts = getEpilogueTokens();
      return counts && ::llvm::is_contained(*counts, tokens);
    }
  }];
}

def MoELoRA_GroupedMatmulOp : MoELoRA_PureOp<"grouped_matmul", [
    AttrSizedOperandSegments]> {
  let summary = "expert GEMM with LoRA inside its accumulators, and an epilogue";
  let description = [{
    `acc[p, s, :] = W[e, s] x[row] + b[e, s] + B u[p, s, :r]`: the products of
    base and delta are added in one f32 accumulator. The last term is not
    computed if the slot is -1. With `lora(gather ...)`, u has a row for each
    token, `u[t]`. Without `lora` it is a grouped GEMM. One
    epilogue may follow; without an epilogue the result is the accumulator:
    - `activate`: `moelora.activation` of the accumulator, rounded once, with
      its input weights if it has any (`weighted`);
    - `combine`: `moelora.combine` of the rows with weights, rounded once;
    - `sum`: `moelora.combine` of the rows without weights, rounded once.

    With `once`, only ranks whose tp coordinate is 0 add the bias. `own` and
    `shared_once` are those of `moelora.combine`. A schedule states how it runs on
    a GPU.

    Lifespan: made by `moelora-fuse-lora` (no epilogue) and
    `moelora-fuse-epilogue`, and scheduled by `moelora-schedule`; lowered to
    kernels.

    Constraints:
    - (C1) weight and plan have the same experts.
    - (C2) the input's columns are the weight's `in`.
    - (C3) the accumulator's columns are the weight's slices and `out`; without
      an epilogue they are those of the result.
    - (C4) the bias is the weight's shape without `in`.
    - (C5) the weight's element type is the input's or f32.
    - (C6) shrunk rows and table occur together; the table has the plan's
      experts and slots and the weight's slices, `out` and `in`; the shrunk rows
      are `[rows, slices, max_rank]` in the table's element type. They are
      gathered only from a table whose experts share A.
    - (C7) there is at most one epilogue; shared rows, score and identity rows
      require `combine` or `sum`, and input weights require `activate`.
    - (C8) an activation is gated exactly if the weight has two slices, and the
      result is `[rows, out]`; input weights have the plan's top_k columns.
    - (C9) a combined weight has no slices; weights have the plan's top_k
      columns; result and shared rows have `out` columns, the score one.
    - (C10) identity rows and their weights occur together; the rows have the
      result's type, and the weights have one column.
    - (C11) `once` requires a bias.
    - (C12) `own` and `shared_once` require shared rows, and do not occur together;
      the axes of `own` do not include dp.

    Example:
    ```mlir
    %a = moelora.grouped_matmul gather %x by %plan, %w13
      lora(%u, %t13 : tensor<?x2x16xbf16>,
           !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>)
      activate(<silu, gated>)
      : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
        tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
    ```
  }];
  let arguments = (ins MoELoRA_Rows:$input, MoELoRA_PlanType:$plan,
                       MoELoRA_Weight:$weight, Optional<MoELoRA_Bias>:$bias,
                       Optional<MoELoRA_Shrunk>:$shrunk,
                       Optional<MoELoRA_SlotTableType>:$table,
                       Optional<MoELoRA_ExpertWeights>:$input_weights,
                       Optional<MoELoRA_ExpertWeights>:$combine_weights,
                       Optional<MoELoRA_Rows>:$identity,
                       Optional<MoELoRA_ExpertWeights>:$identity_weights,
                       Optional<MoELoRA_Accumulator>:$shared,
                       Optional<MoELoRA_Accumulator>:$score,
                       OptionalAttr<MoELoRA_ActivationAttr>:$activation,
                       DefaultValuedAttr<F32Attr, "1.0f">:$routed_scale,
                       DefaultValuedAttr<F32Attr, "1.0f">:$shared_scale,
                       UnitAttr:$sum,
                       OptionalAttr<MoELoRA_ScheduleAttr>:$schedule,
                       UnitAttr:$gather, UnitAttr:$gather_shrunk,
                       UnitAttr:$once, OptionalAttr<MoELoRA_AxesAttr>:$own,
                       UnitAttr:$shared_once);
  let results = (outs TensorRankOf<[MoELoRA_Float], [2, 3]>:$result);
  let assemblyFormat = [{
    (`gather` $gather^)? $input `by` $plan `,` $weight
    (`bias` `(` $bias^ `:` type($bias) `)`)? (`once` $once^)?
    (`lora` `(` (`gather` ` ` $gather_shrunk^)? `` $shrunk^ `,` $table `:` type($shrunk) `,` type($table) `)`)?
    (`weighted` `(` $input_weights^ `:` type($input_weights) `)`)?
    (`activate` `(` $activation^ `)`)?
    (`combine` `(` $combine_weights^ `:` type($combine_weights) `)`)?
    (`sum` $sum^)?
    (`identity` `(` $identity^ `,` $identity_weights `:` type($identity) `,`
        type($identity_weights) `)`)?
    (`shared` `(` $shared^ (`own` $own^)? (`once` $shared_once^)? `:`
        type($shared) `)`)?
    (`score` `(` $score^ `:` type($score) `)`)?
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($input) `,` type($plan) `,` type($weight) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether the rows of a token are added up.
    bool combines() { return getSum() || getCombineWeights(); }
    /// The op that the epilogue computes for tiles of some tokens, or null.
    ShrinkOp shrinkInEpilogue();
    /// Whether a kernel of a GPU counts, in memory that a kernel before has to
    /// clear: the rows of a token, or the parts of a shrink.
    bool counts();
  }];
}

#endif // MOELORA_DIALECT_FUSEDOPS
