// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// buildLayer on descriptions that no config.json gives.

#include "BuildLayerTest.h"

using namespace mlir;
using namespace moelora;
using testing::HasSubstr;

namespace {

TEST_F(BuildLayer, EveryStageOfTheRouterIsInTheAttribute) {
  moelora_layer layer = plain();
  moelora_router &router = layer.router;
  router.experts = 9;
  router.always = 1;
  router.logit_type = MOELORA_BF16;
  router.logit_scale = 0.5f;
  router.softcap = 30;
  router.score = MOELORA_SCORE_SIGMOID;
  router.score_type = MOELORA_F16;
  router.bias_on = MOELORA_BIAS_ON_SCORE;
  router.groups = 4;
  router.top_groups = 2;
  router.group_score = MOELORA_GROUP_TOP2_SUM;
  router.group_fill_zero = 1;
  router.post = MOELORA_POST_SOFTMAX;
  router.renormalize = MOELORA_RENORMALIZE_PNORM;
  router.epsilon = 0.25f;
  router.norm_p = 2;
  router.scale = 2.5f;
  router.expert_scale = 1;
  router.weight_type = MOELORA_BF16;
  ASSERT_TRUE(build(layer)) << said;
  RouteOp route = all<RouteOp>().front();
  EXPECT_EQ(print(route.getRouter()),
            "#moelora.router<top_k = 2, score = sigmoid, bias_on = score, "
            "groups = 4, top_groups = 2, group_score = top2_sum, "
            "group_fill_zero = 1, post = softmax, renormalize = pnorm, "
            "epsilon = 2.500000e-01, norm_p = 2.000000e+00, "
            "scale = 2.500000e+00, logit_scale = 5.000000e-01, "
            "softcap = 3.000000e+01, always = 1, logit_type = bf16, "
            "score_type = f16, weight_type = bf16>");
  LayerOp op = all<LayerOp>().front();
  EXPECT_EQ(route.getBias(), op.getArgument(Role::SelectionBias));
  EXPECT_EQ(route.getExpertScale(), op.getArgument(Role::ExpertScale));
}

TEST_F(BuildLayer, EveryPartOfTheActivationIsInTheAttribute) {
  moelora_layer layer = plain();
  layer.activation = {MOELORA_SILU, 1, MOELORA_CLAMP_PRE, 7, 6, 1.5f, 1, 4, 25};
  ASSERT_TRUE(build(layer)) << said;
  EXPECT_EQ(print(all<ActivationOp>().front().getFunction()),
            "#moelora.act<silu, gated, clamp = pre, gate_max = 7.000000e+00, "
            "up_limit = 6.000000e+00, alpha = 1.500000e+00, "
            "up_offset = 1.000000e+00, gate_cap = 4.000000e+00, "
            "up_cap = 2.500000e+01>");
}

TEST_F(BuildLayer, APlainActivationHasOneSlice) {
  moelora_layer layer = plain();
  layer.activation.function = MOELORA_RELU2;
  layer.activation.gated = 0;
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

TEST_F(BuildLayer, WhatIRCannotExpressIsRefusedAndLeavesNothing) {
  auto refuses = [&](void (*change)(moelora_layer &), const char *why) {
    moelora_layer layer = plain();
    said.clear();
    change(layer);
    EXPECT_FALSE(build(layer)) << why;
    EXPECT_THAT(said, HasSubstr(why));
    EXPECT_TRUE(all<LayerOp>().empty()) << why;
  };
  refuses(
      [](moelora_layer &l) { l.router_dtype = MOELORA_F16; },
      "expects router_dtype to be the layer's dtype, 3, or f32, but it is 2");
  refuses([](moelora_layer &l) { l.zero_experts = 1; },
          "expects zero_kind to be identity or drop, but it is 0");
  refuses([](moelora_layer &l) { l.router.always = 2; },
          "expects always to be in [0, 1], but it is 2");
  refuses(
      [](moelora_layer &l) {
        l.weight_on_input = 1;
        l.biases = MOELORA_HAS_GATE_UP_BIAS;
      },
      "expects no bias of gate and up where the weights are on");
  refuses([](moelora_layer &l) { l.router.score = 99; },
          "expects score to be known to the dialect, but it is 99");
  refuses([](moelora_layer &l) { l.activation.function = 0; },
          "expects function to be known to the dialect, but it is 0");
  refuses([](moelora_layer &l) { l.dtype = MOELORA_F64; },
          "expects router_dtype to be the layer's dtype, 4, or f32");
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
