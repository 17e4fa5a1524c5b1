// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass converts each layer to a GPU module and to functions of the host.

#include "Artifact.h"
#include "Entry.h"
#include "LayerDescription.h"
#include "Layers.h"
#include "gpu/Binaries.h"
#include "gpu/Resolve.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "moelora/codegen/Passes.h"
#include "moelora/codegen/Target.h"
#include "moelora/support/Targets.h"

using namespace mlir;

namespace moelora {

#define GEN_PASS_DEF_CONVERTMOELORATONVVM
#include "moelora/codegen/Passes.h.inc"

namespace {

using namespace codegen;

struct ConvertMoELoRAToNvvm
    : impl::ConvertMoELoRAToNvvmBase<ConvertMoELoRAToNvvm> {
  using ConvertMoELoRAToNvvmBase::ConvertMoELoRAToNvvmBase;

  /// The pipeline lowers the result with `convert-to-llvm`, which takes its
  /// patterns from the dialects.
  void getDependentDialects(DialectRegistry &registry) const override {
    ConvertMoELoRAToNvvmBase::getDependentDialects(registry);
    arith::registerConvertArithToLLVMInterface(registry);
    cf::registerConvertControlFlowToLLVMInterface(registry);
    registerConvertMathToLLVMInterface(registry);
    vector::registerConvertVectorToLLVMInterface(registry);
  }

  void runOnOperation() override {
    std::optional<Unit> last;
    auto convert = [&](LayerOp layer) -> FailureOr<LLVM::GlobalOp> {
      const GpuArchitecture *gpu = findGpu(target);
      if (!gpu)
        return layer->emitOpError()
               << "expects the target to be " << listArchitectures("sm_", ", ")
               << " or emulated-sm_NN, but it is '" << target << "'";
      // Code of the host, and of emulated kernels.
      CpuTarget host{CpuTier::AVX2, "x86-64-v3"};
      last.emplace(getOperation(), layer.getLoc(),
                   prefixOf(layer) + "." + target, host);
      return emit(layer, *last, *gpu);
    };
    auto finish = [&](ArrayRef<LLVM::GlobalOp> artifacts) {
      emitIndex(*last, artifacts);
    };
    if (failed(convertLayers(getOperation(), convert, finish)))
      signalPassFailure();
  }

  FailureOr<LLVM::GlobalOp> emit(LayerOp layer, Unit &unit,
                                 const GpuArchitecture &gpu) {
    GpuLowering lowering(layer, unit, gpu.number);
    if (failed(lowering.declare()))
      return failure();
    ResolveStep resolve(lowering);
    lowering.declareLaunches();
    Variant variant = emitEntries(lowering);
    if (!layer.getOps<ResolveSlotsOp>().empty())
      variant.entries.push_back(resolve.emitEntry());
    variant.target = target;
    variant.needs = unit.target.features().str();
    variant.binaries = binariesOf(unit.prefix);
    variant.binaryCount = cubin ? 2 : 1;
    for (const KernelInfo &kernel : lowering.gpu.kernels)
      variant.kernels.push_back(
          {kernel.name, kernel.threads, kernel.sharedBytes});
    return emitArtifact(unit, layer, describeLayer(layer), variant, producer);
  }
};

} // namespace
} // namespace moelora
