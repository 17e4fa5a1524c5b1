// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipeline `moelora-to-cpu`, in three steps.

#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "moelora/passes/Passes.h"

using namespace mlir;

namespace moelora {

/// The registers of the CPU's tier determine the row group. The conversion
/// refuses a CPU that is not known.
static ScheduleOptions scheduleFor(const ToCpuOptions &options) {
  ScheduleOptions schedule;
  std::string why;
  if (auto target = resolveCpu(options.cpu, why, options.tier))
    schedule.groupRows = target->groupRows();
  return schedule;
}

/// routed -> fused
static void addFusion(OpPassManager &pm, const ToCpuOptions &options) {
  OpPassManager &layer = pm.nest<LayerOp>();
  layer.addPass(createFuseLora());
  layer.addPass(createFuseEpilogue());
  layer.addPass(createVerifyLevel());
  layer.addPass(createSchedule(scheduleFor(options)));
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
  addFusion(pm, options);
  addKernels(pm, options);
  addLowering(pm);
}

void registerMoELoRAPipelines() {
  PassPipelineRegistration<ToCpuOptions>(
      "moelora-to-cpu", "a layer to the llvm dialect, for a CPU",
      buildToCpuPipeline);
}

} // namespace moelora
