// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipelines `moelora-to-cpu` and `moelora-to-ptx`, in steps.

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "moelora/passes/Passes.h"
#include "moelora/support/Targets.h"

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

static ScheduleOptions scheduleFor(const ToGpuOptions &options) {
  ScheduleOptions schedule;
  schedule.target = options.target;
  schedule.strategy = options.strategy;
  schedule.batches = options.schedule;
  schedule.tiles.assign(options.tiles.begin(), options.tiles.end());
  schedule.planInConsumer = options.planInConsumer;
  return schedule;
}

/// routed -> fused
static void addFusion(OpPassManager &pm, const ScheduleOptions &schedule) {
  OpPassManager &layer = pm.nest<LayerOp>();
  layer.addPass(createFuseLora());
  layer.addPass(createFuseEpilogue());
  layer.addPass(createSharedOuter());
  layer.addPass(createVerifyLevel());
  layer.addPass(createSchedule(schedule));
}

/// Adds passes for the ops that code generation makes. Functions and kernels of
/// a host program are of other dialects, and the host lowers them.
static void
onGeneratedCode(OpPassManager &pm,
                llvm::function_ref<void(OpPassManager &)> addPasses) {
  addPasses(pm.nest<LLVM::LLVMFuncOp>());
  addPasses(pm.nest<LLVM::GlobalOp>());
  addPasses(pm.nest<gpu::GPUModuleOp>().nest<LLVM::LLVMFuncOp>());
}

static void addCSE(OpPassManager &pm) {
  onGeneratedCode(pm, [](OpPassManager &op) { op.addPass(createCSEPass()); });
}

/// fused -> llvm, scf, arith, vector
static void addKernels(OpPassManager &pm, const ToCpuOptions &options) {
  ConvertMoELoRAToCpuOptions convert;
  convert.cpu = options.cpu;
  convert.tier = options.tier;
  convert.producer = options.producer;
  pm.addPass(createConvertMoELoRAToCpu(convert));
  addCSE(pm);
}

/// -> llvm, for code of a CPU
static void addLowering(OpPassManager &pm) {
  ConvertToLLVMPassOptions branches; // convert-cf-to-llvm needs a module
  branches.filterDialects = {"cf"};
  onGeneratedCode(pm, [&](OpPassManager &op) {
    op.addPass(createSCFToControlFlowPass());
    op.addPass(createConvertVectorToLLVMPass());
    op.addPass(createConvertMathToLLVMPass());
    op.addPass(createArithToLLVMConversionPass());
    op.addPass(createConvertToLLVMPass(branches));
    op.addPass(createReconcileUnrealizedCastsPass());
  });
}

void buildToCpuPipeline(OpPassManager &pm, const ToCpuOptions &options) {
  addFusion(pm, scheduleFor(options));
  addKernels(pm, options);
  addLowering(pm);
}

static bool isEmulated(const ToGpuOptions &options) {
  auto target = parseCodeTarget(options.target.getValue());
  return target && target->kind == CodeKind::Emulated;
}

static bool hasCubin(const ToGpuOptions &options) {
  return options.cubin && !isEmulated(options);
}

/// fused -> gpu.module, llvm, scf, arith
static void addGpuKernels(OpPassManager &pm, const ToGpuOptions &options) {
  ConvertMoELoRAToNvvmOptions convert;
  convert.target = options.target;
  convert.producer = options.producer;
  convert.cubin = hasCubin(options);
  pm.addPass(createConvertMoELoRAToNvvm(convert));
  addCSE(pm);
}

/// -> llvm, in one conversion: kernels are large, and each one goes over all
/// operations. A conversion that cannot be undone takes less time.
static void addGpuLowering(OpPassManager &pm) {
  SCFToControlFlowPassOptions scf;
  scf.allowPatternRollback = false;
  ConvertToLLVMPassOptions llvm;
  llvm.allowPatternRollback = false;
  onGeneratedCode(pm, [&](OpPassManager &op) {
    op.addPass(createSCFToControlFlowPass(scf));
    op.addPass(createConvertToLLVMPass(llvm));
    op.addPass(createReconcileUnrealizedCastsPass());
  });
}

void buildToScheduledPipeline(OpPassManager &pm, const ToGpuOptions &options) {
  addFusion(pm, scheduleFor(options));
}

void buildScheduledToNvvmPipeline(OpPassManager &pm,
                                  const ToGpuOptions &options) {
  addGpuKernels(pm, options);
  addGpuLowering(pm);
}

void buildFromNvvmPipeline(OpPassManager &pm, const ToGpuOptions &options) {
  if (isEmulated(options)) {
    pm.addPass(createEmulateNvvm());
    addGpuLowering(pm); // of the code that calls the emulator
  } else {
    pm.addPass(createEmitPtx());
  }
  if (hasCubin(options))
    pm.addPass(createAssemblePtx());
}

void buildToGpuPipeline(OpPassManager &pm, const ToGpuOptions &options) {
  buildToScheduledPipeline(pm, options);
  buildScheduledToNvvmPipeline(pm, options);
  buildFromNvvmPipeline(pm, options);
}

void registerMoELoRAPipelines() {
  PassPipelineRegistration<ToCpuOptions>(
      "moelora-to-cpu", "a layer to the llvm dialect, for a CPU",
      buildToCpuPipeline);
  PassPipelineRegistration<ToGpuOptions>(
      "moelora-to-ptx", "a layer to the llvm dialect, for a GPU",
      buildToGpuPipeline);
}

} // namespace moelora
