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
    Replaces each `moelora.layer` of a module, which must be at the fused
    level, by functions over raw pointers in the llvm, scf, arith and vector
    dialects: a task function per matmul and shrink, register tiles, up to three
    entry points, the constant `NAME.artifact`, and `moelora_query_NAME`, which
    returns it. `moelora_query` returns the artifacts of the module by index, in
    the order of the layers. `tier` selects the instructions that tiles use.
    Everything else in the module stays as it is.

    Declines, with a diagnostic: a layer that is still called, layers whose
    `moelora_query_NAME` is the same symbol or one that the module has already,
    an op that is not fused, a plan without the schedule of a CPU or with a row group that the tier's
    registers cannot hold, results whose element type is neither the layer's nor f32, adapters
    of another element type than the layer or with pages that are not row-major,
    logits that are not f32, activations with another use than one matmul over
    their own plan.

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

def ConvertMoELoRAToNvvm
    : Pass<"convert-moelora-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "lowers a fused layer to GPU kernels and an artifact";
  let description = [{
    Replaces each `moelora.layer` of a module, which must be at the fused
    level, by a `gpu.module` with its kernels, functions of the host that launch
    them, and the constant `NAME.TARGET.artifact` with the functions that return
    it (see `convert-moelora-to-cpu`). `moelora-emit-ptx` or
    `moelora-emulate-nvvm` then turns the kernels into the artifact's binary.
    Everything else in the module stays as it is.

    Declines, with a diagnostic: a layer that is still called, layers whose
    `moelora_query_NAME` is the same symbol or one that the module has already,
    an op that is not fused, a layer that is neither of bf16 nor of f16, more than 32 choices of a
    token, adapters of another element type than the layer, activations with
    another use than matmuls over their own plan.

    Numerics: products accumulate in f32 in an order that depends only on K: the
    delta first, then the base. The rows of a token are added in ascending order
    of their experts. Values are rounded only to the types in the IR.

    Tested by `test/codegen/convert-moelora-to-nvvm.mlir`.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"sm_80\"",
           "sm_80, sm_86, sm_89, sm_90 or sm_120; with the prefix emulated-, "
           "for the emulator">,
    Option<"producer", "producer", "std::string", /*default=*/"\"moelora \" MOELORA_VERSION",
           "what the artifact says made it">,
    Option<"cubin", "cubin", "bool", /*default=*/"false",
           "the artifact has a cubin after its PTX, which moelora-assemble-ptx "
           "makes">];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def ConvertMoELoRACallToLLVM
    : Pass<"convert-moelora-call-to-llvm", "::mlir::ModuleOp"> {
  let summary = "turns calls of layers into calls of the runtime";
  let description = [{
    A `moelora.call` with memrefs and a context becomes a call of `moelora_call`
    (`moelora/runtime/Call.h`), to which it passes address, type, sizes and
    strides of each operand, the context, the number and the name of the layer.
    In `func.func`, in calls, and in regions of `scf` and branches of `cf`, the
    types `!moelora.context` and `!moelora.slot_table` become addresses,
    `!llvm.ptr`. The result has ops of `memref` and `arith` too, which the host
    lowers with its own. Layers stay; `moelora-to-cpu` or `moelora-to-ptx`
    compiles them in this module or in another one.

    Declines, with a diagnostic: calls with `cut`, which `moelora-instantiate`
    resolves; calls of tensors, which `one-shot-bufferize` converts; calls without
    a context; a module with another symbol `moelora_call`.

    Numerics: changes nothing.

    Tested by `test/codegen/convert-moelora-call-to-llvm.mlir`.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

def EmulateNvvm : Pass<"moelora-emulate-nvvm", "::mlir::ModuleOp"> {
  let summary = "turns GPU kernels into code of the host that the emulator runs";
  let description = [{
    Replaces each `gpu.module` of the llvm and nvvm dialects by functions of the
    host. Modules with ops of other dialects, as the `gpu.func` of a host program,
    stay as they are. What a GPU does otherwise than a host becomes a call into the emulator,
    through the table of `moelora/emulator/Kernel.h`: special registers, every
    access to memory, barriers, operations of a warp, matrices, asynchronous
    copies. Everything else stays as it is. The kernels are described by a
    constant, which takes the place of the module's PTX in the artifact.

    Declines, with a diagnostic: an operation of the nvvm dialect, or one that
    touches memory, that the emulator does not know; memory on the stack; globals
    other than dynamic shared memory; a module without an `#nvvm.target`.

    Numerics: the same operations in the same order. What hardware approximates,
    the emulator computes in f64 and rounds once; products of matrices are added
    in ascending k.

    Tested by `test/codegen/emulate-nvvm.mlir`.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::vector::VectorDialect"];
}

def EmitPtx : Pass<"moelora-emit-ptx", "::mlir::ModuleOp"> {
  let summary = "turns GPU kernels into PTX";
  let description = [{
    Replaces each `gpu.module` of the llvm and nvvm dialects by a constant that
    holds its PTX, for the chip of the module's `#nvvm.target` and in the oldest
    PTX version that serves. The same module gives the same text. Operations that
    wait for all lanes of a warp are marked, so that LLVM does not copy them into
    the arms of a branch. Modules with ops of other dialects, as the `gpu.func` of
    a host program, stay as they are.

    Declines, with a diagnostic: a module without an `#nvvm.target`.

    Numerics: changes nothing.

    Tested by `test/codegen/emit-ptx.mlir`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def AssemblePtx : Pass<"moelora-assemble-ptx", "::mlir::ModuleOp"> {
  let summary = "adds cubins to PTX";
  let description = [{
    Assembles the PTX that `moelora-emit-ptx` has made, and puts the cubin after it
    among the binaries of the artifact, for which `convert-moelora-to-nvvm` has left
    space. Devices of exactly the PTX's architecture load the cubin, so that no
    driver has to compile.

    Declines, with a diagnostic: where there is no `ptxas`, or it fails.

    Numerics: changes nothing.

    Tested by `test/codegen/assemble-ptx.mlir`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // MOELORA_CODEGEN_PASSES
