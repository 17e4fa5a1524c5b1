// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipeline `moelora-to-cpu`, in three steps.

#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "moelora/codegen/Passes.h"
#include "moelora/passes/Passes.h"

using namespace mlir;

namespace moelora {

/// routed -> fused
static void addFusion(OpPassManager &pm) {
  OpPassManager &layer = pm.nest<LayerOp>();
  layer.addPass(createFuseLora());
  layer.addPass(createFuseEpilogue());
  layer.addPass(createVerifyLevel());
}

/// fused -> llvm, scf, arith, vector
static void addKernels(OpPassManager &pm, const ToCpuOptions &options) {
  ConvertMoELoRAToCpuOptions convert;
  convert.cpu = options.cpu;
  convert.tier = options.tier;
  convert.producer = options.producer;
  pm.addPass(createConvertMoELoRAToCpu(convert));
  pm.addPass(createCSEPass());
}

/// -> llvm
static void addLowering(OpPassManager &pm) {
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void buildToCpuPipeline(OpPassManager &pm, const ToCpuOptions &options) {
  addFusion(pm);
  addKernels(pm, options);
  addLowering(pm);
}

void registerMoELoRAPipelines() {
  PassPipelineRegistration<ToCpuOptions>(
      "moelora-to-cpu", "a layer to the llvm dialect, for a CPU",
      buildToCpuPipeline);
}

} // namespace moelora
