// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Nvvm.h"
#include "differential/Compile.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Passes.h"
#include "moelora/host/Handles.h"
#include "moelora/link/SharedObject.h"

using namespace mlir;

namespace moelora::kernels {

static void run(ModuleOp module, const Case &c,
                void (*build)(OpPassManager &, const ToGpuOptions &)) {
  ToGpuOptions options;
  differential::setGpuOptions(c, options);
  PassManager passes(module.getContext());
  build(passes, options);
  if (failed(passes.run(module)))
    throw host::Error("the case does not compile");
}

OwningOpRef<ModuleOp> lowerToNvvm(MLIRContext &context, const Case &c) {
  context.loadDialect<MoELoRADialect>();
  Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  if (failed(buildLayer(builder, location, c.layer, c.options)))
    throw host::Error("the layer cannot be built");
  run(*module, c, [](OpPassManager &pm, const ToGpuOptions &options) {
    buildToScheduledPipeline(pm, options);
    buildScheduledToNvvmPipeline(pm, options);
  });
  return module;
}

gpu::GPUModuleOp gpuModuleOf(ModuleOp module) {
  return *module.getOps<gpu::GPUModuleOp>().begin();
}

std::vector<LLVM::LLVMFuncOp> kernelsOf(ModuleOp module) {
  std::vector<LLVM::LLVMFuncOp> kernels;
  for (auto function : gpuModuleOf(module).getOps<LLVM::LLVMFuncOp>())
    if (!function.isExternal())
      kernels.push_back(function);
  return kernels;
}

host::ArtifactHandle emulate(ModuleOp module, const Case &c,
                             LLVM::LLVMFuncOp only) {
  for (LLVM::LLVMFuncOp kernel : kernelsOf(module))
    if (only && kernel != only)
      kernel.erase();
  run(module, c, buildFromNvvmPipeline);
  auto object = emitObject(module);
  std::string why;
  host::ArtifactHandle file(succeeded(object) ? loadObject(*object, why)
                                              : nullptr);
  if (!file)
    throw host::Error("the kernels do not compile: " + why);
  return file;
}

} // namespace moelora::kernels
