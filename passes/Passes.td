// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_PASSES_PASSES
#define MOELORA_PASSES_PASSES

include "mlir/Pass/PassBase.td"

def FuseLora : Pass<"moelora-fuse-lora", "::moelora::LayerOp"> {
  let summary = "puts each LoRA delta inside the accumulators of its GEMM";
  let description = [{
    - `dispatch` becomes `plan`, with the options as the shape of the work;
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
  let options = [
    Option<"tileRows", "tile-rows", "int64_t", /*default=*/"48",
           "Most rows of a tile, a multiple of group-rows">,
    Option<"groupRows", "group-rows", "int64_t", /*default=*/"4",
           "Most rows of a row group: rows that one set of registers holds">];
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

#endif // MOELORA_PASSES_PASSES
