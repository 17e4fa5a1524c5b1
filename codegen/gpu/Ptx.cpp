// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NVVM to LLVM IR to PTX.

#include "gpu/Ptx.h"
#include "gpu/Binaries.h"
#include "gpu/EmulatedOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/OptBisect.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace mlir;

namespace moelora::codegen {

static void initializeNvptx() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

/// A GPU does not check what a pointer may reach.
static void eraseBounds(Operation *module) {
  module->walk([](LLVM::CallOp call) {
    if (!call.getCallee() || !call.getCallee()->starts_with(boundedFunction))
      return;
    call.getResult().replaceAllUsesWith(call.getArgOperands()[0]);
    call.erase();
  });
  for (auto function :
       llvm::to_vector(module->getRegion(0).getOps<LLVM::LLVMFuncOp>()))
    if (function.getName().starts_with(boundedFunction))
      function.erase();
}

/// The conversion of branches keeps annotations of loops as attributes that
/// nothing translates.
static void annotateLoops(Operation *module) {
  module->walk([](LLVM::BrOp branch) {
    if (auto annotation = branch->getAttrOfType<LLVM::LoopAnnotationAttr>(
            "llvm.loop_annotation"))
      branch.setLoopAnnotationAttr(annotation);
  });
}

static bool usesMovmatrix(const llvm::CallBase &call) {
  auto *text = llvm::dyn_cast<llvm::InlineAsm>(call.getCalledOperand());
  return text && llvm::StringRef(text->getAsmString()).starts_with("movmatrix");
}

/// LLVM does not know that these wait for all lanes of a warp, and could copy
/// them into the arms of a branch.
static void markConvergent(llvm::CallBase &call) {
  const llvm::Function *callee = call.getCalledFunction();
  if (usesMovmatrix(call) ||
      (callee && callee->getName().starts_with("llvm.nvvm.mma.")))
    call.setConvergent();
}

static void forCalls(llvm::Module &code,
                     llvm::function_ref<void(llvm::CallBase &)> body) {
  for (llvm::Function &function : code)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallBase>(&instruction))
        body(*call);
}

/// PTX 7.0 came with sm_80; movmatrix, sm_89 and sm_90 with 7.8, sm_86 with
/// 7.1, sm_120 with 8.7.
static int64_t ptxVersion(int64_t architecture, bool movmatrix) {
  int64_t least = architecture >= 120  ? 87
                  : architecture >= 89 ? 78
                  : architecture >= 86 ? 71
                                       : 70;
  return movmatrix ? std::max<int64_t>(least, 78) : least;
}

namespace {

/// Skips passes that take half of LLVM's time. Kernels are written with the
/// addresses that they need in loops, and ptxas, which optimises the code
/// again, needs fewer registers for these than for the pointers of
/// LoopStrengthReduce.
struct PassesForPtxas : llvm::OptPassGate {
  bool isEnabled() const override { return true; }
  bool shouldRunPass(StringRef name, StringRef) const override {
    return !llvm::is_contained({"Canonicalize Freeze Instructions in Loops",
                                "Loop Strength Reduction", "slsr",
                                "nary-reassociate", "early-cse"},
                               name);
  }
};

} // namespace

static std::unique_ptr<llvm::TargetMachine>
makeMachine(gpu::GPUModuleOp module, int64_t architecture, int64_t version) {
  initializeNvptx();
  std::string why;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, why);
  if (!target) {
    module.emitError() << why;
    return nullptr;
  }
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, "sm_" + std::to_string(architecture),
      "+ptx" + std::to_string(version), llvm::TargetOptions(), std::nullopt,
      std::nullopt, llvm::CodeGenOptLevel::Less));
}

static std::unique_ptr<llvm::Module> translate(gpu::GPUModuleOp module,
                                               llvm::LLVMContext &context) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  return translateModuleToLLVMIR(module, context, module.getName());
}

std::unique_ptr<llvm::Module> emitLLVM(gpu::GPUModuleOp module,
                                       llvm::LLVMContext &context) {
  eraseBounds(module);
  annotateLoops(module);
  std::unique_ptr<llvm::Module> code = translate(module, context);
  if (code)
    forCalls(*code, markConvergent);
  return code;
}

FailureOr<std::string> emitPtx(gpu::GPUModuleOp module) {
  FailureOr<int64_t> architecture = architectureOf(module);
  if (failed(architecture))
    return failure();
  llvm::LLVMContext context;
  PassesForPtxas passes;
  context.setOptPassGate(passes);
  std::unique_ptr<llvm::Module> code = emitLLVM(module, context);
  if (!code)
    return failure();
  bool movmatrix = false;
  forCalls(*code,
           [&](llvm::CallBase &call) { movmatrix |= usesMovmatrix(call); });
  auto machine =
      makeMachine(module, *architecture, ptxVersion(*architecture, movmatrix));
  if (!machine)
    return failure();
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager pipeline;
  if (machine->addPassesToEmitFile(pipeline, stream, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    return module.emitError("expects LLVM to emit PTX");
  pipeline.run(*code);
  return std::string(text);
}

} // namespace moelora::codegen
