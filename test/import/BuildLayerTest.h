// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer that tests of buildLayer start from, and where they build it.
#ifndef MOELORA_TEST_IMPORT_BUILDLAYERTEST_H
#define MOELORA_TEST_IMPORT_BUILDLAYERTEST_H

#include "moelora/import/Import.h"
#include "gmock/gmock.h"

namespace moelora {

using namespace mlir;

/// Softmax over 8 experts, 2 of them; silu(gate) * up.
inline moelora_layer plain() {
  moelora_layer layer = {};
  layer.dtype = layer.router_dtype = MOELORA_BF16;
  layer.hidden = 64;
  layer.intermediate = 32;
  layer.routed_scale = layer.shared_scale = 1;
  moelora_router &router = layer.router;
  router.experts = 8;
  router.top_k = 2;
  router.score = MOELORA_SCORE_SOFTMAX;
  router.groups = router.top_groups = 1;
  router.logit_scale = router.scale = router.norm_p = 1;
  layer.activation.function = MOELORA_SILU;
  layer.activation.gated = 1;
  layer.activation.alpha = 1;
  layer.shared_activation = layer.activation;
  return layer;
}

class BuildLayer : public testing::Test {
protected:
  BuildLayer()
      : handler(&context, [this](Diagnostic &diagnostic) {
          said += diagnostic.str() + "\n";
          return success();
        }) {
    context.loadDialect<MoELoRADialect>();
    module = ModuleOp::create(UnknownLoc::get(&context));
  }

  LayerOp build(const moelora_layer &layer, LayerOptions options = {}) {
    OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
    auto op = buildLayer(builder, module->getLoc(), layer, options);
    return succeeded(op) ? *op : LayerOp();
  }

  template <typename Op> std::vector<Op> all() {
    std::vector<Op> found;
    module->walk([&](Op op) { found.push_back(op); });
    return found;
  }

  std::string print(Attribute attribute) {
    std::string text;
    llvm::raw_string_ostream(text) << attribute;
    return text;
  }

  MLIRContext context;
  std::string said;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
};

} // namespace moelora

#endif // MOELORA_TEST_IMPORT_BUILDLAYERTEST_H
