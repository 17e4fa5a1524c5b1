// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a fused op is divided into work for a machine. `moelora-schedule` attaches
// these attributes, code generation obeys or refuses them, and the meaning of an
// op does not depend on them.

#ifndef MOELORA_DIALECT_SCHEDULES
#define MOELORA_DIALECT_SCHEDULES

include "moelora/dialect/Attributes.td"

def MoELoRA_Strategy : MoELoRA_Enum<"Strategy",
    "how the delta of an adapter reaches the accumulators", [
  I32EnumAttrCase<"InPlace", 1, "in_place">,
  I32EnumAttrCase<"UnfusedPeer", 2, "unfused_peer">]>;

def MoELoRA_ReductionOrder : MoELoRA_Enum<"ReductionOrder",
    "what the order of a sum over K depends on", [
  I32EnumAttrCase<"K", 1, "k">,
  I32EnumAttrCase<"Tile", 2, "tile">]>;

def MoELoRA_TileAttr : AttrDef<MoELoRA_Dialect, "Tile"> {
  let mnemonic = "tile";
  let summary = "the part of a grouped GEMM that one thread block computes";
  let description = [{
    A thread block computes `features` columns of the result for at most `tokens`
    rows of one expert. In each step it multiplies `k` columns of K, which are copied to
    shared memory; `stages` steps are in flight. The tile is divided among
    `warps = F x T`, F along the features and T along the tokens. With
    `split_k > 1` there are that many groups of F x T warps, each with stages of
    its own; step `i` belongs to group `i mod split_k`, and the sums of the groups
    are added in one fixed tree.

    Constraints:
    - (C1) tokens is 8, 16, 32, 64 or 128.
    - (C2) split_k is 1, 2, 4 or 8.
    - (C3) each number of warps is at least 1, and the warps of all groups are at
      most 32.
    - (C4) features is a positive multiple of 16 per warp, at most 2^20.
    - (C5) tokens is a multiple of 8 per warp.
    - (C6) k is a positive multiple of 16, at most 2^20.
    - (C7) stages is in [1, 8].
    - (C8) a lane has at most 192 accumulators, which its registers can hold.

    Example:
    `#moelora.tile<tokens = 64, features = 128, k = 64, warps = 2 x 2,
    split_k = 1, stages = 4>`
  }];
  let parameters = (ins "int64_t":$tokens, "int64_t":$features, "int64_t":$k,
    "int64_t":$feature_warps, "int64_t":$token_warps,
    "int64_t":$split_k, "int64_t":$stages);
  let assemblyFormat = [{
    `<` `tokens` `=` $tokens `,` `features` `=` $features `,` `k` `=` $k `,`
    `warps` `=` $feature_warps `x` $token_warps
    `,` `split_k` `=` $split_k `,` `stages` `=` $stages `>`
  }];
  let extraClassDeclaration = [{
    /// The threads of a thread block.
    int64_t getThreads() const {
      return 32 * getFeatureWarps() * getTokenWarps() * getSplitK();
    }
    /// The shared memory of all stages, for elements of this size.
    int64_t getSharedBytes(int64_t elementBytes) const {
      return getSplitK() * getStages() * getK() * elementBytes *
             (getTokens() + getFeatures());
    }
  }];
  let genVerifyDecl = 1;
}

def MoELoRA_ScheduleAttr : AttrDef<MoELoRA_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "how an op runs on a GPU";
  let description = [{
    `strategy` is `in_place`, which adds the delta to the accumulators of the base,
    or `unfused_peer`, which computes base and delta in kernels of their own and is
    the baseline of comparisons.

    `tiles` are the kernels that are compiled. At run time the host takes the
    smallest tile that holds the expected rows of an expert, and the largest if
    none does. A schedule of a `plan` states the numbers of tokens for which a
    plan can be divided; only `tokens` of its tiles is used.

    `order` states what the order of a sum over K depends on: `k`, on K alone, so
    that a row has the same bits in every batch; or `tile`, also on the tile that
    the host takes, and so on the number of rows in the batch.

    Constraints:
    - (C1) there is a tile.
    - (C2) the tiles have strictly ascending tokens.
    - (C3) with the order k, all tiles have the same split_k, and with split_k
      above 1 also the same k.

    Example:
    `#moelora.schedule<strategy = in_place, order = k, tiles = [
       <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1,
        stages = 6>,
       <tokens = 64, features = 128, k = 64, warps = 2 x 2, split_k = 1,
        stages = 4>]>`
  }];
  let parameters = (ins "::moelora::Strategy":$strategy,
    "::moelora::ReductionOrder":$order,
    ArrayRefParameter<"::moelora::TileAttr", "by ascending tokens">:$tiles);
  let assemblyFormat = [{
    `<` `strategy` `=` $strategy `,` `order` `=` $order `,`
    `tiles` `=` custom<Tiles>($tiles) `>`
  }];
  let genVerifyDecl = 1;
}

def MoELoRA_CpuScheduleAttr : AttrDef<MoELoRA_Dialect, "CpuSchedule"> {
  let mnemonic = "cpu_schedule";
  let summary = "how the rows of a plan are divided on a CPU";
  let description = [{
    The rows of one expert are divided into tiles of at most `rows`, tiles into
    row groups of at most `group`, whose accumulators one set of registers holds,
    and the rows of one (expert, slot) into segments that do not cross a row
    group. All ops over the plan use this division. The order of a sum over K
    depends on K alone.

    Constraints:
    - (C1) rows is a positive multiple of group, at most 2^20.

    Example: `#moelora.cpu_schedule<rows = 48, group = 4>`
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$group);
  let assemblyFormat = [{ `<` `rows` `=` $rows `,` `group` `=` $group `>` }];
  let genVerifyDecl = 1;
}

#endif // MOELORA_DIALECT_SCHEDULES
