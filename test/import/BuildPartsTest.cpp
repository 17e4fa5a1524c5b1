// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts that buildLayer adds to a plain layer: biases, weights on the
// input, experts without weights, latent projections, norms, tables.

#include "BuildLayerTest.h"

using namespace mlir;
using namespace moelora;

namespace {

TEST_F(BuildLayer, BiasesJoinTheirGemm) {
  moelora_layer layer = plain();
  layer.shared = 48;
  layer.latent = 24;
  layer.biases = 127;
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  std::vector<Role> roles;
  for (ExpertGemmOp gemm : all<ExpertGemmOp>())
    if (auto bias = dyn_cast_if_present<BlockArgument>(gemm.getBias()))
      roles.push_back(op.getRole(bias.getArgNumber()));
  EXPECT_THAT(roles, testing::UnorderedElementsAre(
                         Role::RouterBias, Role::GateUpBias, Role::DownBias,
                         Role::LatentInBias, Role::LatentOutBias,
                         Role::SharedGateUpBias, Role::SharedDownBias));
}

TEST_F(BuildLayer, WeightsOnTheInputAreNotAppliedAgain) {
  moelora_layer layer = plain();
  layer.weight_on_input = 1;
  ASSERT_TRUE(build(layer)) << said;
  Value weights = all<RouteOp>().front().getWeights();
  EXPECT_EQ(all<ActivationOp>().front().getInputWeights(), weights);
  EXPECT_FALSE(all<CombineOp>().front().getWeights());
}

TEST_F(BuildLayer, IdentityExpertsHaveNoWeightsAndAddWhatTheyRead) {
  moelora_layer layer = plain();
  layer.zero_experts = 3;
  layer.zero_kind = MOELORA_ZERO_IDENTITY;
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  auto weight =
      cast<RankedTensorType>(op.getArgument(Role::GateUpWeight).getType());
  EXPECT_EQ(weight.getDimSize(0), 5);
  IdentityWeightOp sum = all<IdentityWeightOp>().front();
  EXPECT_EQ(sum.getFirst(), 5u);
  EXPECT_EQ(sum.getEnd(), 8u);
  CombineOp combine = all<CombineOp>().front();
  EXPECT_EQ(combine.getIdentity(), op.getArgument(Role::Hidden));
  EXPECT_EQ(combine.getIdentityWeights(), sum.getResult());
}

TEST_F(BuildLayer, DroppedExpertsAddNothing) {
  moelora_layer layer = plain();
  layer.zero_experts = 1;
  layer.zero_kind = MOELORA_ZERO_DROP;
  ASSERT_TRUE(build(layer)) << said;
  EXPECT_TRUE(all<IdentityWeightOp>().empty());
  EXPECT_FALSE(all<CombineOp>().front().getIdentity());
}

TEST_F(BuildLayer, LatentProjectionsAreAroundTheRoutedExpertsAlone) {
  moelora_layer layer = plain();
  layer.latent = 24;
  layer.shared = 48;
  layer.routed_scale = 2;
  layer.shared_scale = 0.5f;
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  std::vector<CombineOp> combines = all<CombineOp>();
  ASSERT_EQ(combines.size(), 3u); // latent in, the routed sum, the output
  EXPECT_EQ(combines[1].getRoutedScale().convertToDouble(), 2);
  EXPECT_FALSE(combines[1].getShared());
  EXPECT_EQ(combines[2].getRoutedScale().convertToDouble(), 1);
  EXPECT_EQ(combines[2].getSharedScale().convertToDouble(), 0.5);
  EXPECT_TRUE(combines[2].getShared());
  for (ExpertGemmOp gemm : all<ExpertGemmOp>())
    if (gemm.getWeight() == op.getArgument(Role::SharedGateUpWeight))
      EXPECT_EQ(gemm.getInput(), op.getArgument(Role::Hidden));
}

TEST_F(BuildLayer, ARouterMayReadItsOwnNormalisedTensorInF32) {
  moelora_layer layer = plain();
  layer.router_input = 1;
  layer.router_dtype = MOELORA_F32;
  layer.router_norm = {1, 1e-6f, 0.125f};
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  ExpertGemmOp gemm = all<ExpertGemmOp>().front();
  LoraDeltaOp delta = all<LoraDeltaOp>().front();
  auto base = gemm.getInput().getDefiningOp<RmsNormOp>();
  auto adapted = delta.getInput().getDefiningOp<RmsNormOp>();
  ASSERT_TRUE(base && adapted);
  EXPECT_TRUE(base.getType().getElementType().isF32());
  EXPECT_TRUE(adapted.getType().getElementType().isBF16());
  EXPECT_EQ(base.getInput(), op.getArgument(Role::RouterHidden));
  EXPECT_EQ(base.getWeight(), op.getArgument(Role::RouterNormWeight));
}

TEST_F(BuildLayer, ATableOfTokensReplacesTheChoiceAndItsBias) {
  moelora_layer layer = plain();
  layer.router.bias_on = MOELORA_BIAS_ON_SCORE;
  layer.router.table_rows = 100;
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  RouteOp route = all<RouteOp>().front();
  EXPECT_EQ(route.getTable(), op.getArgument(Role::TokenTable));
  EXPECT_EQ(route.getTokenIds(), op.getArgument(Role::TokenIds));
  EXPECT_FALSE(route.getBias());
}

TEST_F(BuildLayer, TheOutputsNormIsLast) {
  moelora_layer layer = plain();
  layer.output_norm = {1, 1e-5f, 1};
  LayerOp op = build(layer);
  ASSERT_TRUE(op) << said;
  EXPECT_EQ(all<YieldOp>().front().getOperand(0),
            all<RmsNormOp>().front().getResult());
}

} // namespace
