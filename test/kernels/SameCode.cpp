// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SameCode.h"
#include "gpu/Ptx.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "moelora/host/Handles.h"
#include "llvm/Passes/PassBuilder.h"

using namespace mlir;

namespace moelora::kernels {

template <typename Op> static void limit(LLVM::LLVMFuncOp kernel, int32_t end) {
  auto range = LLVM::ConstantRangeAttr::get(kernel.getContext(), 32, 0, end);
  kernel.walk([&](Op op) { op.setRangeAttr(range); });
}

static void optimize(llvm::Module &module) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

std::string optimizedCode(gpu::GPUModuleOp module, StringRef kernel) {
  OwningOpRef<gpu::GPUModuleOp> copy(module.clone());
  constexpr int32_t lanes = 32, blocks = INT32_MAX;
  for (auto each : llvm::to_vector(copy->getOps<LLVM::LLVMFuncOp>())) {
    if (each.isExternal())
      continue;
    if (each.getName() != kernel) {
      each.erase();
      continue;
    }
    auto threads = each->getAttrOfType<DenseI32ArrayAttr>(
        NVVM::NVVMDialect::getMaxntidAttrName());
    limit<NVVM::ThreadIdXOp>(each, threads[0]);
    limit<NVVM::LaneIdOp>(each, lanes);
    limit<NVVM::BlockIdXOp>(each, blocks);
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = codegen::emitLLVM(*copy, context);
  if (!code)
    throw host::Error("the kernels do not become LLVM IR");
  optimize(*code);
  std::string text;
  llvm::raw_string_ostream stream(text);
  code->print(stream, nullptr);
  return text;
}

} // namespace moelora::kernels
