// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass converts a layer to functions, and then ops of the math dialect to
// polynomials.

#include "Artifact.h"
#include "Entry.h"
#include "LayerDescription.h"
#include "MathExpansion.h"
#include "cpu/Lowering.h"
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

  void runOnOperation() override {
    FailureOr<LayerOp> layer = onlyLayer(getOperation());
    if (failed(layer))
      return signalPassFailure();
    if (!*layer)
      return;
    FailureOr<CpuTarget> target = chooseTarget(*layer);
    if (failed(target) || failed(convert(*layer, *target)))
      return signalPassFailure();
    expandMath(getOperation());
  }

  FailureOr<CpuTarget> chooseTarget(LayerOp layer) {
    std::string why;
    std::optional<CpuTarget> target = resolveCpu(cpu, why, tier);
    if (!target)
      return layer.emitOpError() << why;
    // Other types do not use the instruction, so it is not required.
    auto hidden = cast<RankedTensorType>(layer.getResultTypes()[0]);
    if (!hidden.getElementType().isBF16() &&
        target->tier == CpuTier::AVX512BF16)
      target->tier = CpuTier::AVX512F;
    return *target;
  }

  LogicalResult convert(LayerOp layer, const CpuTarget &target) {
    auto hidden = cast<RankedTensorType>(layer.getResultTypes()[0]);
    Unit unit(getOperation(), layer.getLoc(), layer.getSymName(), target);
    DotForm form(hidden.getElementType(), target);
    DotForm wide(Float32Type::get(&getContext()), target, "_f32");
    Lowering lowering(layer, unit, form, wide);
    if (failed(lowering.declare()))
      return failure();
    Variant variant = emitEntries(lowering);
    variant.target = "cpu";
    variant.tuning = target.cpu;
    variant.needs = target.features().str();
    emitArtifact(unit, layer, describeLayer(layer), variant, producer);
    layer.erase();
    return success();
  }
};

} // namespace
} // namespace moelora
