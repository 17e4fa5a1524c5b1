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

LogicalResult convert(ModuleOp module) {
  ConvertMoELoRAToNvvmOptions options;
  options.target = emulatedTarget;
  options.producer = "a test";
  PassManager passes(module.getContext());
  passes.addPass(createConvertMoELoRAToNvvm(options));
  return passes.run(module);
}

} // namespace

moelora_layer smallLayer(const moelora_router &router) {
  moelora_layer layer = {};
  layer.dtype = layer.router_dtype = MOELORA_BF16;
  layer.hidden = layer.intermediate = 8;
  layer.routed_scale = layer.shared_scale = 1;
  layer.router = router;
  layer.activation.function = MOELORA_RELU2;
  layer.activation.alpha = 1;
  layer.shared_activation = layer.activation;
  return layer;
}

LogicalResult scheduleLayer(ModuleOp module, const moelora_layer &layer,
                            const LayerOptions &options, int64_t tile) {
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  if (failed(buildLayer(builder, module.getLoc(), layer, options)))
    return failure();
  PassManager passes(module.getContext());
  OpPassManager &nested = passes.nest<LayerOp>();
  nested.addPass(createFuseLora());
  nested.addPass(createFuseEpilogue());
  ScheduleOptions schedule;
  schedule.target = emulatedTarget;
  schedule.tiles = {tile};
  nested.addPass(createSchedule(schedule));
  return passes.run(module);
}

LogicalResult emulateKernel(ModuleOp module, StringRef kernel) {
  eraseOthers(module, kernel);
  PassManager passes(module.getContext());
  addLowering(passes);
  passes.addPass(createEmulateNvvm());
  addLowering(passes);
  return passes.run(module);
}

std::unique_ptr<CompiledKernels> compileKernel(const moelora_layer &layer,
                                               const std::string &kernel,
                                               const std::string &options) {
  MLIRContext context;
  context.loadDialect<MoELoRADialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  LayerOptions given;
  given.slots = 0;
  given.given = Given::Logits;
  if (failed(scheduleLayer(*module, layer, given, /*tile=*/8)) ||
      failed(convert(*module)) || failed(emulateKernel(*module, kernel))) {
    ADD_FAILURE() << "the layer does not compile";
    return nullptr;
  }
  return std::make_unique<CompiledKernels>(*module, layerPrefix + ".module",
                                           options);
}

} // namespace moelora::test
