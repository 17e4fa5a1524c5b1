// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_PASSES_PASSES
#define MOELORA_PASSES_PASSES

include "mlir/Pass/PassBase.td"

def CanonicalizeAdapters
    : Pass<"moelora-canonicalize-adapters", "::moelora::LayerOp"> {
  let summary = "removes the deltas of slot tables that are empty by type";
  let description = [{
    A table with zero slots has no adapters. Removed are

    - `lora_delta`, and the `lora` operands of `grouped_matmul` with its `shrink`
      and a plan that only this `shrink` reads, if the table is empty;
    - `resolve_slots`, if its tables are empty, after `dispatch` and `plan` lose
      their slots. Ids of slots are then no longer looked up or counted;
    - arguments of the layer that nothing reads: slot ids and empty tables. A
      `moelora.call` of the layer is then refused until its operands are removed.

    Declines, and keeps, the delta of a table with slots, and a `resolve_slots`
    whose result an op of another dialect reads.

    Level: expects and keeps `routed` or `fused`.

    Numerics: no change. Nothing was added to the accumulators.

    Test: `test/passes/canonicalize-adapters.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

def Shard : Pass<"moelora-shard"> {
  let summary = "makes a layer, or each layer of a module, the part of one rank";
  let description = [{
    Runs on a module or on a layer. A layer gets a `grid`, its arguments the types of
    one rank, and its body the ops between ranks. All ranks run the same layer. Calls
    of the layer must have operands of one rank then.

    With tensor parallelism (`tp`), each rank has a part of the intermediate size,
    of routed and of shared experts: the rows of gate and up and their bias, the
    columns of down, and the same parts of adapters. Its accumulators of down are
    partial sums. With expert parallelism (`ep`), each rank has some of the routed
    experts, and the sum over the others is missing. The `combine` makes f32 rows, of
    which there is one `reduce` over both axes, and a `finish` that rounds:

    ```mlir
    %p = moelora.combine %yd by %plan, %w
      : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xf32>
    %s = moelora.reduce %p over <ep, tp> : tensor<?x64xf32>
    %o = moelora.finish %s : tensor<?x64xf32> -> tensor<?x64xbf16>
    ```

    Which experts a rank has is an operand of role `expert_map`; `expert-map` gives
    its usual content, and the rank with the most experts determines the sizes.

    Ranks along dp have different tokens, and exchange nothing. With the scheme
    `allgather`, ranks along ep have different tokens too, and with
    `sequence-parallel`, ranks along tp. Rows, ids and weights are then gathered
    before the routed experts, slot ids at the beginning, and each rank keeps the
    sums of its own rows. A shared expert computes the rows of its rank, or with
    `sequence-parallel` those of the ranks along tp.

    Rows of identity experts count once and move to `finish`; a bias of down is
    added `once`; shared rows are added by one of the ranks along ep. Routers, latent
    projections, norms and scores are whole on every rank. Where a `combine` reads
    whole rows and the partial sums of a shared expert, as behind a latent
    projection, the latter have a `reduce` of their own.

    With `partial`, there are no `reduce` and `finish`: the result of the layer is the
    f32 sum of `combine`, and its caller adds up those of the ranks along ep and tp,
    and rounds. This requires that these ranks have the same tokens, and that nothing
    of the layer comes behind the sum, such as a latent projection, an output norm
    or identity rows.

    Fails at a layer that has a grid, at an intermediate size that `tp` does not
    divide, at fewer experts than `ep`, and at an op that reads a partial sum and is
    none of the above. A grid of one rank changes nothing.

    Level: expects and keeps `routed`.

    Numerics: the order of the sum over experts and the intermediate size depends on
    the grid, and `u = scale * A x` of the down projection is rounded once on each
    rank along tp.

    Test: `test/passes/shard.mlir`, `test/passes/shard-experts.mlir`,
    `test/passes/shard-tokens.mlir`, `test/passes/shard-invalid.mlir`.
  }];
  let options = [
    Option<"dp", "dp", "int64_t", /*default=*/"1",
           "the ranks that have different tokens and equal weights">,
    Option<"ep", "ep", "int64_t", /*default=*/"1",
           "the ranks over which experts are cut">,
    Option<"tp", "tp", "int64_t", /*default=*/"1",
           "the ranks over which the intermediate size is cut">,
    Option<"scheme", "scheme", "std::string", /*default=*/"\"replicated\"",
           "replicated: ranks along ep have the same tokens; allgather: "
           "different ones">,
    Option<"sequenceParallel", "sequence-parallel", "bool", /*default=*/"false",
           "ranks along tp have different tokens">,
    Option<"expertMap", "expert-map", "std::string",
           /*default=*/"\"contiguous\"",
           "contiguous, round-robin, or the ep coordinate of each expert, "
           "separated by commas; copies are separated by colons">,
    Option<"partial", "partial", "bool", /*default=*/"false",
           "the layer yields its partial sums in f32, and its caller adds them "
           "up">];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

def FuseLora : Pass<"moelora-fuse-lora", "::moelora::LayerOp"> {
  let summary = "puts each LoRA delta inside the accumulators of its GEMM";
  let description = [{
    - `dispatch` becomes `plan`, without a schedule;
    - `expert_gemm` followed by a `lora_delta` becomes `shrink` and one
      `grouped_matmul` whose f32 accumulators take both sums;
    - `expert_gemm` alone becomes `grouped_matmul` without `lora`.

    Declines, and does not change the GEMM and its delta, if the accumulator has
    other uses than the delta, which need it without the delta, or if GEMM and
    delta have different plans and therefore different rows. They may read
    different tensors: a router that normalises its input multiplies f32 rows,
    and its adapter rows of the layer's type.

    Level: expects `routed`. The result has `grouped_matmul` without epilogue,
    and the ops of `routed` that read accumulators; `moelora-fuse-epilogue`
    completes the level `fused`. Ops that are already fused are kept.

    Numerics: no rounding moves. The sum of base and delta stays in f32, and
    `shrink` rounds in the same place as `lora_delta`.

    Test: `test/passes/fuse-lora.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

def FuseEpilogue : Pass<"moelora-fuse-epilogue", "::moelora::LayerOp"> {
  let summary = "ends each grouped matmul with the op that reads it";
  let description = [{
    `activation` and `combine` become the epilogue of the `grouped_matmul` that
    makes the accumulator they read, so that the accumulator is internal to the
    kernel. Their other operands, such as weights on the input and rows that are
    added, become operands of the kernel. A `combine` without weights becomes
    `sum`.

    Declines if the accumulator has other uses, if no `grouped_matmul` makes it,
    if the matmul has an epilogue already, or if the op uses another plan than
    the matmul.

    Level: expects the result of `moelora-fuse-lora`, and produces `fused`.

    Numerics: the same ops in the same types; nothing is rounded earlier, later
    or more often.

    Test: `test/passes/fuse-epilogue.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

def SharedOuter : Pass<"moelora-shared-outer", "::moelora::LayerOp"> {
  let summary = "shrinks each token once, where experts share A";
  let description = [{
    If the type of a slot table states that experts share A (`sharing a`), all
    rows of a token have the same `u = scale * A x`. The `shrink` of gathered rows
    gets a plan of tokens, sorted by slot only, and its `grouped_matmul` gathers u
    by token:

    ```mlir
    %tokens = moelora.plan slots(%slot : tensor<?xi32>)
      -> !moelora.plan<1 experts, 4 slots, top_k = 1>
    %u = moelora.shrink %x by %tokens, %t13 ...
    %a = moelora.grouped_matmul gather %x by %plan, %w13 lora(gather %u, %t13 ...) ...
    ```

    A plan of tokens that is there already, as that of a shared expert, is reused.
    A token is multiplied with A once instead of `top_k` times, u has a row for each
    token, and the tokens of an adapter are neighbours, however many experts they
    choose. On a GPU there is one launch more, that of a plan. The remark `SharedA`
    has the choice.

    Declines, and does not change the `shrink`, if its plan has one pair for each
    token, if its table has one expert, as beside zero experts, if the table does not
    promise to share A, if its input differs from pair to pair, as that of the down
    projection does, if no `plan` makes its plan, if it has a schedule, or if its
    result has other readers than one `grouped_matmul`.

    Level: expects and keeps `fused`.

    Numerics: no change. The row of a token is the same sum in the same order.

    Test: `test/passes/shared-outer.mlir`,
    `test/passes/shared-outer-declined.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

def Schedule : Pass<"moelora-schedule", "::moelora::LayerOp"> {
  let summary = "states how the fused ops run on a machine";
  let description = [{
    For a CPU, each `plan` gets a `#moelora.cpu_schedule` of the options, and the
    pages of slot tables become `row_major`.

    For a GPU, each `plan`, `shrink` and `grouped_matmul` gets a
    `#moelora.schedule`, and the pages of slot tables become `fragment_major`. There
    is a tile for each number of tokens, all with the reduction order `k`. The
    usual ones are

    | tokens | features | k | warps | stages |
    | --- | --- | --- | --- | --- |
    | 8 | 128 | 64 | 4 x 1 | 6 |
    | 16 | 128 | 64 | 4 x 1 | 5 |
    | 32 | 128 | 64 | 4 x 1 | 4 |
    | 64 | 128 | 64 | 2 x 2 | 4 |
    | 128 | 256 | 64 | 4 x 2 | 3 |

    A tile that exceeds the shared memory of the target has fewer stages, at least
    two, and then a smaller k. The tile of 128 tokens has 128 features and 2 x 4
    warps where 128 divides the features and 256 does not. A GEMM with at most 64
    features, or with f32 weights, which runs without tensor cores, has tiles of 64
    features. A `shrink` has tiles of 16 ranks and k 32, and 4 warps that divide K.
    The target `emulated-sm_NN` has the tiles of `sm_NN`.

    The cost model of `lib/cost` compares the usual tile of a `grouped_matmul` with
    others that code generation can emit without spilling registers, of 64 to 256
    features. It predicts their times for the smallest, a middle and the largest
    batch for which the host takes the tile. Another tile replaces the usual one if
    it is 5 % faster in the geometric mean. Without `strategy`, the model also
    compares the strategies of ops with adapters. The remark `Tile` has each choice,
    and the prediction for the middle batch.

    With `in_place`, the `shrink` of an activation gets `epilogue`: the numbers of
    tokens, up to 32, for which the `grouped_matmul` that makes the activation
    computes it, too. These tiles have the same features and warps, and no range of
    features that overlaps with another. The remark `Epilogue` has the choice.

    A plan of which the first consumer can make small batches gets `in_consumer`: up
    to 512 pairs, and 256 for one choice of a token. This consumer is a `shrink`, or
    a `grouped_matmul` that counts no rows or tiles, with `in_place`; a matmul makes
    plans for tiles of up to 32 tokens, if they fit in shared memory. The
    remark `PlanInConsumer` has the choice. With `plan-in-consumer=false` the plan of
    every batch has a kernel of its own.

    Declines, and keeps what is there: an op that has a schedule already; an op
    whose plan is made by another op than `plan` or has the schedule of a CPU; the
    page order of tables, and a `shrink`, with f32 elements on a GPU, where pages
    have elements of 2 bytes. The cost model does not decide GEMMs with f32
    weights. Fails if an option has no meaning.

    Level: expects and keeps `fused`. Ops that are not fused are kept.

    Numerics: nothing is rounded elsewhere. With the order `k`, the bits of a row
    do not depend on other rows.

    Test: `test/passes/schedule.mlir`, `test/passes/schedule-cost.mlir`,
    `test/passes/schedule-epilogue.mlir`, `test/passes/schedule-consumer.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"cpu\"",
           "cpu, sm_80, sm_86, sm_89, sm_90, sm_120 or emulated-sm_NN">,
    Option<"strategy", "strategy", "::moelora::StrategyChoice",
           /*default=*/"::moelora::StrategyChoice::Fastest",
           "How deltas reach the accumulators on a GPU",
           [{::llvm::cl::values(
             clEnumValN(::moelora::StrategyChoice::Fastest, "fastest",
                        "by the cost model"),
             clEnumValN(::moelora::StrategyChoice::InPlace, "in_place",
                        "added inside the GEMM of the base"),
             clEnumValN(::moelora::StrategyChoice::UnfusedPeer, "unfused_peer",
                        "computed by kernels of their own"))}]>,
    Option<"batches", "schedule", "::moelora::Batches",
           /*default=*/"::moelora::Batches::All",
           "For which batches tiles are compiled for a GPU",
           [{::llvm::cl::values(
             clEnumValN(::moelora::Batches::All, "all", "all tiles"),
             clEnumValN(::moelora::Batches::Decode, "decode",
                        "tiles of up to 16 tokens"),
             clEnumValN(::moelora::Batches::Prefill, "prefill",
                        "tiles of at least 64 tokens"))}]>,
    ListOption<"tiles", "tiles", "int64_t",
               "Tokens of the tiles that are compiled for a GPU; none: all">,
    Option<"planInConsumer", "plan-in-consumer", "bool", /*default=*/"true",
           "Whether the first consumer of a plan on a GPU makes it in small "
           "batches">,
    Option<"tileRows", "tile-rows", "int64_t", /*default=*/"48",
           "Most rows of a tile on a CPU, a multiple of group-rows">,
    Option<"groupRows", "group-rows", "int64_t", /*default=*/"4",
           "Most rows of a row group on a CPU: rows that one set of registers "
           "holds">];
}

def VerifyLevel : Pass<"moelora-verify-level", "::moelora::LayerOp"> {
  let summary = "checks that a layer is at one level of the IR";
  let description = [{
    Fails at the first op that does not belong to `level`. Pipelines run it
    between their stages, so that an op that a pass has declined causes an error
    with a location instead of an unclear error in the next stage.

    Level: expects and keeps the level of its option. Numerics: no change.

    Test: `test/passes/verify-level.mlir`.
  }];
  let options = [
    Option<"level", "level", "::moelora::Level",
           /*default=*/"::moelora::Level::Fused",
           "What every op of the layer must belong to",
           [{::llvm::cl::values(
             clEnumValN(::moelora::Level::Routed, "routed",
                        "what a layer means"),
             clEnumValN(::moelora::Level::Fused, "fused",
                        "what code generation consumes"))}]>];
}

def Instantiate : Pass<"moelora-instantiate", "::mlir::ModuleOp"> {
  let summary = "makes a layer for the parts of each cut that is called";
  let description = [{
    A `moelora.call` with `cut = [e, i]` becomes a call without `cut` of the layer
    `@NAME_cut_ExI`, which follows `@NAME`. Its arguments have the types of one
    part, and so has everything that its body derives from them. Its result is
    the part's summand, in f32. One layer serves all calls with the same symbol
    and cut. If there is such a layer already, it is called, so the pass may run
    again; if another symbol has its name, a number is appended. With
    `cut = [1, 1]` the layer itself is called.

    If the experts are cut, the layer has one argument more, of role expert_map,
    which its plan of expert ids reads: routers and ids are those of the whole
    layer.

    Declines, with a diagnostic, a cut whose parts do not add up to the layer:
    ops between the sum and the result, such as a latent projection or an output
    norm; identity rows; shared rows that are not those of a shared expert; zero
    experts, several plans of expert ids or none, if the experts are cut.

    Level: expects and keeps `routed`.

    Numerics: the sum over `e * i` parts is one in f32 that the host makes, in
    the order in which it does; each part rounds the activations as the whole
    does.

    Test: `test/passes/instantiate.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

#endif // MOELORA_PASSES_PASSES
