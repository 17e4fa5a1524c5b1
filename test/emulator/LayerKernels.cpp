// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayerKernels.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "moelora/codegen/Passes.h"
#include "moelora/import/Import.h"
#include "moelora/passes/Passes.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace moelora::test {
namespace {

const std::string target = "emulated-sm_80";

void addConversion(PassManager &passes) {
  OpPassManager &layer = passes.nest<LayerOp>();
  layer.addPass(createFuseLora());
  layer.addPass(createFuseEpilogue());
  ScheduleOptions schedule;
  schedule.target = target;
  schedule.tiles = {8};
  layer.addPass(createSchedule(schedule));
  ConvertMoELoRAToNvvmOptions convert;
  convert.target = target;
  convert.producer = "a test";
  passes.addPass(createConvertMoELoRAToNvvm(convert));
}

void addLowering(PassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

void eraseOthers(ModuleOp module, StringRef kernel) {
  SmallVector<LLVM::LLVMFuncOp> others;
  module->walk([&](LLVM::LLVMFuncOp function) {
    if (isa<gpu::GPUModuleOp>(function->getParentOp()) &&
        !function.isExternal() && function.getName() != kernel)
      others.push_back(function);
  });
  for (LLVM::LLVMFuncOp function : others)
    function.erase();
}

LogicalResult lower(ModuleOp module, const moelora_layer &layer,
                    const std::string &kernel) {
  LayerOptions options;
  options.slots = 0;
  options.given = Given::Logits;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  PassManager convert(module.getContext());
  addConversion(convert);
  if (failed(buildLayer(builder, module.getLoc(), layer, options)) ||
      failed(convert.run(module)))
    return failure();
  eraseOthers(module, kernel);
  PassManager passes(module.getContext());
  addLowering(passes);
  passes.addPass(createEmulateNvvm());
  addLowering(passes);
  return passes.run(module);
}

} // namespace

std::unique_ptr<CompiledKernels> compileKernel(const moelora_layer &layer,
                                               const std::string &kernel,
                                               const std::string &options) {
  MLIRContext context;
  context.loadDialect<MoELoRADialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  if (failed(lower(*module, layer, kernel))) {
    ADD_FAILURE() << "the layer does not compile";
    return nullptr;
  }
  return std::make_unique<CompiledKernels>(
      *module, "layer." + target + ".module", options);
}

} // namespace moelora::test
