// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of code generation.

#ifndef MOELORA_CODEGEN_PASSES
#define MOELORA_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def ConvertMoELoRAToCpu
    : Pass<"convert-moelora-to-cpu", "::mlir::ModuleOp"> {
  let summary = "lowers a fused layer to CPU kernels and an artifact";
  let description = [{
    Replaces the one `moelora.layer` of a module, which must be at the fused
    level, by functions over raw pointers in the llvm, scf, arith and vector
    dialects: a task function per matmul and shrink, register tiles, up to three
    entry points, the constant `moelora_artifact`, and the query functions that
    return it. `tier` selects the instructions that tiles use.

    Declines, with a diagnostic: a module with several layers, an op that is not
    fused, results whose element type is neither the layer's nor f32, adapters
    of another element type than the layer, logits that are not f32, activations
    with another use than one matmul over their own plan.

    A layer that a `moelora_layer` cannot describe exactly gets no description,
    and a remark names the first op or argument that it cannot describe.

    Numerics: products accumulate in f32 in an order that depends only on K.
    Values are rounded only to the types in the IR. With `avx512bf16` denormals
    are zero in products.

    Tested by `test/codegen/convert-moelora-to-cpu.mlir`.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
           "name of the CPU as LLVM spells it, or native">,
    Option<"tier", "tier", "std::string", /*default=*/"\"\"",
           "avx512bf16, avx512f or avx2; empty: the best of the CPU">,
    Option<"producer", "producer", "std::string", /*default=*/"\"moelora \" MOELORA_VERSION",
           "what the artifact says made it">];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

#endif // MOELORA_CODEGEN_PASSES
