// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes and pipelines of code generation.
#ifndef MOELORA_CODEGEN_PASSES_H
#define MOELORA_CODEGEN_PASSES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"
#include "moelora/passes/Passes.h"

namespace moelora {

#define GEN_PASS_DECL
#include "moelora/codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moelora/codegen/Passes.h.inc"

struct ToCpuOptions : public mlir::PassPipelineOptions<ToCpuOptions> {
  Option<std::string> cpu{
      *this, "cpu",
      llvm::cl::desc("name of the CPU as LLVM spells it, or native"),
      llvm::cl::init("native")};
  Option<std::string> tier{
      *this, "tier",
      llvm::cl::desc("avx512bf16, avx512f or avx2; empty: the best of the CPU"),
      llvm::cl::init("")};
  Option<std::string> producer{*this, "producer",
                               llvm::cl::desc("what the artifact says made it"),
                               llvm::cl::init("moelora " MOELORA_VERSION)};
};

/// Adds the passes from a layer at the routed or fused level to the llvm
/// dialect.
void buildToCpuPipeline(mlir::OpPassManager &pm, const ToCpuOptions &options);

struct ToGpuOptions : public mlir::PassPipelineOptions<ToGpuOptions> {
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("sm_80, sm_86, sm_89, sm_90, sm_120, or one of them with "
                     "the prefix emulated-"),
      llvm::cl::init("sm_80")};
  Option<StrategyChoice> strategy{
      *this, "strategy",
      llvm::cl::desc("how the delta of an adapter reaches the accumulators"),
      llvm::cl::init(StrategyChoice::Fastest),
      llvm::cl::values(
          clEnumValN(StrategyChoice::Fastest, "fastest", "by the cost model"),
          clEnumValN(StrategyChoice::InPlace, "in_place",
                     "added inside the GEMM of the base"),
          clEnumValN(StrategyChoice::UnfusedPeer, "unfused_peer",
                     "computed by kernels of their own"))};
  Option<Batches> schedule{
      *this, "schedule", llvm::cl::desc("for which batches tiles are compiled"),
      llvm::cl::init(Batches::All),
      llvm::cl::values(
          clEnumValN(Batches::All, "all", "all tiles"),
          clEnumValN(Batches::Decode, "decode", "tiles of up to 16 tokens"),
          clEnumValN(Batches::Prefill, "prefill",
                     "tiles of at least 64 tokens"))};
  Option<bool> cubin{
      *this, "cubin",
      llvm::cl::desc("add the cubin to the PTX of a GPU, with ptxas"),
      llvm::cl::init(false)};
  ListOption<int64_t> tiles{
      *this, "tiles",
      llvm::cl::desc("tokens of the tiles that are compiled; none: all")};
  Option<bool> planInConsumer{
      *this, "plan-in-consumer",
      llvm::cl::desc("the first kernel that reads a plan makes it in small "
                     "batches, in which it has no kernel of its own"),
      llvm::cl::init(true)};
  Option<std::string> producer{*this, "producer",
                               llvm::cl::desc("what the artifact says made it"),
                               llvm::cl::init("moelora " MOELORA_VERSION)};
};

/// Adds the first passes of the pipeline to a GPU: those to a layer at the
/// fused level that has schedules.
void buildToScheduledPipeline(mlir::OpPassManager &pm,
                              const ToGpuOptions &options);

/// Adds the passes that follow, up to the one that makes binaries of the
/// kernels, which are then GPU modules of the llvm and nvvm dialects. They make
/// tens of thousands of operations, and verifying these after each pass takes a
/// fifth of the time.
void buildScheduledToNvvmPipeline(mlir::OpPassManager &pm,
                                  const ToGpuOptions &options);
/// Adds the passes that make the binaries.
void buildFromNvvmPipeline(mlir::OpPassManager &pm,
                           const ToGpuOptions &options);

/// Adds the passes from a layer at the routed or fused level to the llvm
/// dialect, in which its kernels are PTX, or code of the host for the emulator.
void buildToGpuPipeline(mlir::OpPassManager &pm, const ToGpuOptions &options);

/// Registers `moelora-to-cpu` and `moelora-to-ptx`.
void registerMoELoRAPipelines();

} // namespace moelora

#endif // MOELORA_CODEGEN_PASSES_H
