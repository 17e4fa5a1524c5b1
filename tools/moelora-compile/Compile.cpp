// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles layers to the requested output: one pipeline, and then LLVM.

#include "Compile.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Assemble.h"
#include "moelora/codegen/Emit.h"
#include "moelora/codegen/Merge.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "moelora/link/SharedObject.h"
#include "moelora/passes/Explain.h"
#include "moelora/support/CudaPrograms.h"
#include "moelora/support/Targets.h"

using namespace mlir;

static std::string printModule(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out);
  return text;
}

static void setOptions(moelora::ToGpuOptions &pipeline, const Options &options,
                       const std::string &target) {
  pipeline.target = target;
  pipeline.strategy = options.strategy;
  pipeline.schedule = options.schedule;
}

/// Decides whether there are cubins. Fails if they are required and cannot be.
static LogicalResult decideCubins(const Options &options, bool &cubins) {
  auto isGpu = [](const std::string &target) {
    return moelora::parseCodeTarget(target)->kind == moelora::CodeKind::Gpu;
  };
  bool isArtifact =
      options.emit == Emit::Object || options.emit == Emit::SharedObject;
  cubins = options.cubins != Cubins::Off && isArtifact &&
           llvm::any_of(options.targets, isGpu);
  if (!cubins || !moelora::findCudaProgram("ptxas").empty())
    return success();
  cubins = false;
  bool required = options.cubins == Cubins::Require;
  llvm::errs() << (required ? "error" : "remark")
               << ": there is no ptxas, so the layer "
               << (required ? "cannot have a cubin" : "has PTX alone")
               << "; install the CUDA toolkit and set CUDA_HOME, or run pip "
                  "install nvidia-cuda-nvcc\n";
  return success(!required);
}

static std::optional<std::string> explain(ModuleOp module,
                                          const Options &options) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const std::string &target : options.targets) {
    OwningOpRef<ModuleOp> copy(module.clone());
    PassManager passes(module.getContext());
    moelora::ToGpuOptions pipeline;
    setOptions(pipeline, options, target);
    moelora::buildToScheduledPipeline(passes, pipeline);
    if (failed(passes.run(*copy)))
      return std::nullopt;
    for (auto layer : copy->getOps<moelora::LayerOp>())
      moelora::explainSchedules(layer, target, out);
  }
  return text;
}

/// Makes each layer that of one peer rank.
static LogicalResult shard(ModuleOp module, const Options &options) {
  PassManager passes(module.getContext());
  passes.addNestedPass<moelora::LayerOp>(moelora::createShard(options.shard));
  return passes.run(module);
}

static LogicalResult lowerToCpu(ModuleOp module, const Options &options) {
  PassManager passes(module.getContext());
  moelora::ToCpuOptions pipeline;
  pipeline.cpu = options.cpu;
  moelora::buildToCpuPipeline(passes, pipeline);
  return passes.run(module);
}

/// Verifies the layer after each pass. LLVM verifies the kernels.
static LogicalResult lowerToGpu(ModuleOp module, const Options &options,
                                const std::string &target, bool cubins) {
  moelora::ToGpuOptions pipeline;
  setOptions(pipeline, options, target);
  pipeline.cubin = cubins;
  PassManager schedule(module.getContext()), kernels(module.getContext());
  moelora::buildToScheduledPipeline(schedule, pipeline);
  moelora::buildScheduledToNvvmPipeline(kernels, pipeline);
  moelora::buildFromNvvmPipeline(kernels, pipeline);
  kernels.enableVerifier(false);
  return success(succeeded(schedule.run(module)) &&
                 succeeded(kernels.run(module)));
}

static LogicalResult lower(ModuleOp module, const Options &options,
                           const std::string &target, bool cubins) {
  return target == "cpu" ? lowerToCpu(module, options)
                         : lowerToGpu(module, options, target, cubins);
}

/// Lowers the module for the first target, and adds the variants for the
/// others.
static LogicalResult lowerAll(ModuleOp module, const Options &options) {
  OwningOpRef<ModuleOp> original(module.clone());
  bool cubins = false;
  if (failed(decideCubins(options, cubins)) ||
      failed(lower(module, options, options.targets.front(), cubins)))
    return failure();
  for (const std::string &target : llvm::drop_begin(options.targets)) {
    OwningOpRef<ModuleOp> copy(original->clone());
    if (failed(lower(*copy, options, target, cubins)) ||
        failed(moelora::mergeArtifacts(module, *copy)))
      return failure();
  }
  return success();
}

static std::optional<std::string> printLLVM(ModuleOp module) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = moelora::emitLLVM(module, context);
  if (!code)
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream out(text);
  code->print(out, /*AAW=*/nullptr);
  return text;
}

static std::optional<std::string> emitCubin(ModuleOp module) {
  std::string why;
  std::optional<std::string> cubin =
      moelora::assemblePtx(*moelora::emittedPtx(module), why);
  if (!cubin)
    llvm::errs() << "error: " << why << "\n";
  return cubin;
}

static std::optional<std::string> emitObject(ModuleOp module) {
  auto object = moelora::emitObject(module);
  if (failed(object))
    return std::nullopt;
  return std::string(object->begin(), object->end());
}

/// PTX and cubins are of one layer.
static bool hasTooManyLayers(ModuleOp module, const Options &options) {
  auto layers = module.getOps<moelora::LayerOp>();
  auto count = std::distance(layers.begin(), layers.end());
  bool isOfOne = options.emit == Emit::PTX || options.emit == Emit::Cubin;
  if (!isOfOne || options.explain || count == 1)
    return false;
  llvm::errs() << "error: expects one moelora.layer for --emit="
               << namesOf(options.emit).name << ", but there are " << count
               << "\n";
  return true;
}

std::optional<std::string> compileLayers(ModuleOp module,
                                         const Options &options) {
  if (hasTooManyLayers(module, options) || failed(shard(module, options)))
    return std::nullopt;
  if (options.explain)
    return explain(module, options);
  if (options.emit == Emit::MLIR)
    return printModule(module);
  std::string why;
  if (!moelora::resolveCpu(options.cpu, why)) {
    llvm::errs() << "error: " << why << "\n";
    return std::nullopt;
  }
  if (failed(lowerAll(module, options)))
    return std::nullopt;
  switch (options.emit) {
  case Emit::LLVM:
    return printLLVM(module);
  case Emit::PTX:
    return moelora::emittedPtx(module);
  case Emit::Cubin:
    return emitCubin(module);
  case Emit::Object:
    return emitObject(module);
  default:
    return moelora::emitSharedObject(module);
  }
}
