// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass converts a layer to functions, and then ops of the math dialect to
// polynomials.

#include "Artifact.h"
#include "LayerDescription.h"
#include "cpu/Entry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
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
    SmallVector<LayerOp> layers(getOperation().getOps<LayerOp>());
    if (layers.empty())
      return;
    if (layers.size() > 1) {
      layers[1].emitOpError()
          << "expects one layer in a module, but it follows @"
          << layers[0].getSymName();
      return signalPassFailure();
    }
    FailureOr<CpuTarget> target = chooseTarget(layers[0]);
    if (failed(target) || failed(convert(layers[0], *target)) ||
        failed(approximate()))
      signalPassFailure();
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
    std::optional<moelora_layer> description = describe(layer);
    emitArtifact(unit, layer, description, variant, producer);
    layer.erase();
    return success();
  }

  /// The description for the artifact, or nothing and a remark with the reason
  /// if the layer cannot be described.
  static std::optional<moelora_layer> describe(LayerOp layer) {
    Misfit misfit;
    std::optional<moelora_layer> description = recognizeLayer(layer, misfit);
    if (!description)
      misfit.op->emitRemark()
          << "'" << misfit.op->getName() << "' op " << misfit.text
          << "; the artifact does not describe @" << layer.getSymName();
    return description;
  }

  LogicalResult approximate() {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name == math::ExpOp::getOperationName() ||
             name == math::ErfOp::getOperationName() ||
             name == math::TanhOp::getOperationName();
    });
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace moelora
