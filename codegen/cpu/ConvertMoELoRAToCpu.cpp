// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass converts layers to functions.

#include "Artifact.h"
#include "Entry.h"
#include "LayerDescription.h"
#include "Layers.h"
#include "cpu/Lowering.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "moelora/codegen/Passes.h"

using namespace mlir;

namespace moelora {

#define GEN_PASS_DEF_CONVERTMOELORATOCPU
#include "moelora/codegen/Passes.h.inc"

namespace {

using namespace codegen;

struct ConvertMoELoRAToCpu
    : impl::ConvertMoELoRAToCpuBase<ConvertMoELoRAToCpu> {
  using ConvertMoELoRAToCpuBase::ConvertMoELoRAToCpuBase;

  /// The pipeline lowers branches with `convert-to-llvm`.
  void getDependentDialects(DialectRegistry &registry) const override {
    ConvertMoELoRAToCpuBase::getDependentDialects(registry);
    cf::registerConvertControlFlowToLLVMInterface(registry);
  }

  void runOnOperation() override {
    std::optional<Unit> last;
    auto convert = [&](LayerOp layer) -> FailureOr<LLVM::GlobalOp> {
      FailureOr<CpuTarget> target = chooseTarget(layer);
      if (failed(target))
        return failure();
      last.emplace(getOperation(), layer.getLoc(), prefixOf(layer), *target);
      return emit(layer, *last);
    };
    auto finish = [&](ArrayRef<LLVM::GlobalOp> artifacts) {
      emitIndex(*last, artifacts);
    };
    if (failed(convertLayers(getOperation(), convert, finish)))
      signalPassFailure();
  }

  FailureOr<CpuTarget> chooseTarget(LayerOp layer) {
    std::string why;
    std::optional<CpuTarget> target = resolveCpu(cpu, why, tier);
    if (!target)
      return layer.emitOpError() << why;
    // Other types do not use the instruction, so it is not required.
    auto hidden =
        cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType());
    if (!hidden.getElementType().isBF16() &&
        target->tier == CpuTier::AVX512BF16)
      target->tier = CpuTier::AVX512F;
    return *target;
  }

  FailureOr<LLVM::GlobalOp> emit(LayerOp layer, Unit &unit) {
    auto hidden =
        cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType());
    DotForm form(hidden.getElementType(), unit.target);
    DotForm wide(Float32Type::get(&getContext()), unit.target, "_f32");
    Lowering lowering(layer, unit, form, wide);
    if (failed(lowering.declare()))
      return failure();
    Variant variant = emitEntries(lowering);
    variant.target = "cpu";
    variant.tuning = unit.target.cpu;
    variant.needs = unit.target.features().str();
    return emitArtifact(unit, layer, describeLayer(layer), variant, producer);
  }
};

} // namespace
} // namespace moelora
