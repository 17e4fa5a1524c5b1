// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles a layer to the requested output: one pipeline, and then LLVM.

#include "Compile.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Assemble.h"
#include "moelora/codegen/Emit.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "moelora/link/SharedObject.h"
#include "moelora/passes/Explain.h"

using namespace mlir;

static std::string printModule(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out);
  return text;
}

static void setOptions(moelora::ToGpuOptions &pipeline,
                       const Options &options) {
  pipeline.target = options.target;
  pipeline.strategy = options.strategy;
  pipeline.schedule = options.schedule;
}

static std::optional<std::string> explain(ModuleOp module,
                                          const Options &options) {
  PassManager passes(module.getContext());
  moelora::ToGpuOptions pipeline;
  setOptions(pipeline, options);
  moelora::buildToScheduledPipeline(passes, pipeline);
  if (failed(passes.run(module)))
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream out(text);
  for (auto layer : module.getOps<moelora::LayerOp>())
    moelora::explainSchedules(layer, options.target, out);
  return text;
}

static LogicalResult lower(ModuleOp module, const Options &options) {
  PassManager passes(module.getContext());
  if (options.target == "cpu") {
    moelora::ToCpuOptions pipeline;
    pipeline.cpu = options.cpu;
    moelora::buildToCpuPipeline(passes, pipeline);
  } else {
    moelora::ToGpuOptions pipeline;
    setOptions(pipeline, options);
    moelora::buildToGpuPipeline(passes, pipeline);
  }
  return passes.run(module);
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

std::optional<std::string> compileLayer(ModuleOp module,
                                        const Options &options) {
  if (options.explain)
    return explain(module, options);
  if (options.emit == Emit::MLIR)
    return printModule(module);
  std::string why;
  if (!moelora::resolveCpu(options.cpu, why)) {
    llvm::errs() << "error: " << why << "\n";
    return std::nullopt;
  }
  if (failed(lower(module, options)))
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
