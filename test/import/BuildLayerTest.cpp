// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// buildLayer on descriptions that no config.json gives.

#include "moelora/import/Import.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace moelora;
using testing::HasSubstr;

namespace {

/// Softmax over 8 experts, 2 of them; silu(gate) * up.
moelora_layer plain() {
  moelora_layer layer = {};
  layer.dtype = MOELORA_BF16;
  layer.hidden = 64;
  layer.intermediate = 32;
  layer.routed_scale = 1;
  moelora_router &router = layer.router;
  router.experts = 8;
  router.top_k = 2;
  router.score = MOELORA_SCORE_SOFTMAX;
  router.groups = router.top_groups = 1;
  router.logit_scale = router.scale = router.norm_p = 1;
  layer.activation = {MOELORA_SILU, 1, MOELORA_CLAMP_NONE, 0, 0, 1, 0};
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

TEST_F(BuildLayer, EveryStageOfTheRouterIsInTheAttribute) {
  moelora_layer layer = plain();
  moelora_router &router = layer.router;
  router = {8,
            2,
            0.5f,
            30,
            MOELORA_SCORE_SIGMOID,
            MOELORA_BIAS_ON_SCORE,
            4,
            2,
            MOELORA_GROUP_TOP2_SUM,
            1,
            0,
            MOELORA_POST_SOFTMAX,
            MOELORA_RENORMALIZE_PNORM,
            0.25f,
            2,
            2.5f};
  ASSERT_TRUE(build(layer)) << said;
  RouteOp route = all<RouteOp>().front();
  EXPECT_EQ(print(route.getRouter()),
            "#moelora.router<top_k = 2, score = sigmoid, bias_on = score, "
            "groups = 4, top_groups = 2, group_score = top2_sum, "
            "group_fill_zero = 1, post = softmax, renormalize = pnorm, "
            "epsilon = 2.500000e-01, norm_p = 2.000000e+00, "
            "scale = 2.500000e+00, logit_scale = 5.000000e-01, "
            "softcap = 3.000000e+01>");
  EXPECT_EQ(route.getBias(),
            all<LayerOp>().front().getArgument(Role::SelectionBias));
}

TEST_F(BuildLayer, EveryPartOfTheActivationIsInTheAttribute) {
  moelora_layer layer = plain();
  layer.activation = {MOELORA_SILU, 1, MOELORA_CLAMP_PRE, 7, 6, 1.5f, 1};
  ASSERT_TRUE(build(layer)) << said;
  EXPECT_EQ(print(all<ActivationOp>().front().getFunction()),
            "#moelora.act<silu, gated, clamp = pre, gate_max = 7.000000e+00, "
            "up_limit = 6.000000e+00, alpha = 1.500000e+00, "
            "up_offset = 1.000000e+00>");
}

TEST_F(BuildLayer, APlainActivationHasOneSlice) {
  moelora_layer layer = plain();
  layer.activation = {MOELORA_RELU2, 0, MOELORA_CLAMP_NONE, 0, 0, 1, 0};
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  auto weight =
      cast<RankedTensorType>(op.getArgument(Role::GateUpWeight).getType());
  EXPECT_EQ(weight.getShape(), ArrayRef<int64_t>({8, 1, 32, 64}));
}

TEST_F(BuildLayer, GivenLogitsLeaveOnlyTheRouter) {
  LayerOptions options;
  options.given = Given::Logits;
  LayerOp op = build(plain(), options);
  ASSERT_TRUE(op) << said;
  EXPECT_FALSE(op.getArgument(Role::RouterWeight));
  EXPECT_EQ(all<RouteOp>().front().getLogits(),
            op.getArgument(Role::RouterLogits));
  EXPECT_EQ(all<DispatchOp>().size(), 1u);
}

TEST_F(BuildLayer, AGivenChoiceLeavesNoRouter) {
  LayerOptions options;
  options.given = Given::Choice;
  LayerOp op = build(plain(), options);
  ASSERT_TRUE(op) << said;
  EXPECT_TRUE(all<RouteOp>().empty());
  EXPECT_EQ(all<DispatchOp>().front().getIds(),
            op.getArgument(Role::ExpertIds));
  EXPECT_EQ(all<CombineOp>().front().getWeights(),
            op.getArgument(Role::ExpertWeights));
}

TEST_F(BuildLayer, BiasesJoinTheirGemm) {
  LayerOptions options;
  options.routerBias = options.gateUpBias = options.downBias = true;
  LayerOp op = build(plain(), options);
  ASSERT_TRUE(op) << said;
  std::vector<Value> biases;
  for (ExpertGemmOp gemm : all<ExpertGemmOp>())
    biases.push_back(gemm.getBias());
  EXPECT_THAT(biases, testing::ElementsAre(op.getArgument(Role::RouterBias),
                                           op.getArgument(Role::GateUpBias),
                                           op.getArgument(Role::DownBias)));
}

TEST_F(BuildLayer, WhatIRCannotExpressIsRefusedAndLeavesNothing) {
  auto refuses = [&](void (*change)(moelora_layer &), const char *why) {
    moelora_layer layer = plain();
    said.clear();
    change(layer);
    EXPECT_FALSE(build(layer)) << why;
    EXPECT_THAT(said, HasSubstr(why));
    EXPECT_TRUE(all<LayerOp>().empty()) << why;
  };
  refuses([](moelora_layer &l) { l.router.by_table = 1; },
          "chooses by a table of token ids");
  refuses([](moelora_layer &l) { l.router.score = 99; },
          "expects score to be known to the dialect, but it is 99");
  refuses([](moelora_layer &l) { l.activation.function = 0; },
          "expects function to be known to the dialect, but it is 0");
  refuses([](moelora_layer &l) { l.dtype = MOELORA_F64; },
          "expects a layer of f32, f16 or bf16, but its dtype is 4");
  refuses([](moelora_layer &l) { l.hidden = 0; },
          "expects hidden to be in [1, 1048576], but it is 0");
  refuses([](moelora_layer &l) { l.router.top_k = 9; },
          "expects top_k to be in [1, 8], but it is 9");
  refuses(
      [](moelora_layer &l) {
        l.router.groups = 3;
        l.router.group_score = MOELORA_GROUP_MAX;
      },
      "expects groups to divide the experts");
}

} // namespace
