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

    Declines, and leaves the GEMM and its delta as they are, where the
    accumulator has other uses than the delta (it would have to exist without
    it) and where GEMM and delta go by different plans (their rows are different
    rows). They may read different tensors: a router that normalises what it
    reads multiplies f32 rows, its adapter those of the layer's type.

    Level: expects `routed`, leaves `grouped_matmul` without epilogue beside the
    ops of `routed` that read accumulators; `moelora-fuse-epilogue` finishes
    `fused`. What is already fused is kept.

    Numerics: none of the rounding points moves. The sum of base and delta
    stays in f32; `shrink` rounds where `lora_delta` did.

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
    makes the accumulator they read, so that it never leaves the kernel. Their
    other operands, weights on the input and rows that are added, go with them;
    a `combine` without weights becomes `sum`.

    Declines where the accumulator has other uses, where no `grouped_matmul`
    makes it, where that one has an epilogue already, and where the op goes by
    another plan than the matmul.

    Level: expects what `moelora-fuse-lora` leaves, reaches `fused`.

    Numerics: the same ops in the same types; nothing is rounded earlier, later
    or more often.

    Test: `test/passes/fuse-epilogue.mlir`.
  }];
  let dependentDialects = ["::moelora::MoELoRADialect"];
}

def VerifyLevel : Pass<"moelora-verify-level", "::moelora::LayerOp"> {
  let summary = "checks that a layer is at one level of the IR";
  let description = [{
    Fails at the first op that does not belong to `level`. Stands between the
    stages of a pipeline, so that what a pass declined is an error with a
    location and not a surprise in the next stage.

    Level: expects and keeps the one it is given. Numerics: changes nothing.

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
