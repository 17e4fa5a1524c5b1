// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IR to moelora_layer. The dialect and the ABI number their cases alike, which
// is checked here, once, for every case.

#include "LayerDescription.h"
#include <cstring>

using namespace mlir;

namespace moelora::codegen {

#define AGREES(dialect, abi)                                                   \
  static_assert(int(dialect) == int(abi), "the numbers are part of the ABI")
AGREES(Score::Softmax, MOELORA_SCORE_SOFTMAX);
AGREES(Score::Sigmoid, MOELORA_SCORE_SIGMOID);
AGREES(Score::SqrtSoftplus, MOELORA_SCORE_SQRTSOFTPLUS);
AGREES(Score::Identity, MOELORA_SCORE_IDENTITY);
AGREES(BiasOn::None, MOELORA_BIAS_NONE);
AGREES(BiasOn::Score, MOELORA_BIAS_ON_SCORE);
AGREES(BiasOn::Logit, MOELORA_BIAS_ON_LOGIT);
AGREES(GroupScore::Max, MOELORA_GROUP_MAX);
AGREES(GroupScore::Top2Sum, MOELORA_GROUP_TOP2_SUM);
AGREES(Post::None, MOELORA_POST_NONE);
AGREES(Post::Softmax, MOELORA_POST_SOFTMAX);
AGREES(Post::Sigmoid, MOELORA_POST_SIGMOID);
AGREES(Renormalize::None, MOELORA_RENORMALIZE_NONE);
AGREES(Renormalize::Sum, MOELORA_RENORMALIZE_SUM);
AGREES(Renormalize::Clamp, MOELORA_RENORMALIZE_CLAMP);
AGREES(Renormalize::PNorm, MOELORA_RENORMALIZE_PNORM);
AGREES(Function::Silu, MOELORA_SILU);
AGREES(Function::GeluTanh, MOELORA_GELU_TANH);
AGREES(Function::Gelu, MOELORA_GELU);
AGREES(Function::Relu2, MOELORA_RELU2);
AGREES(Clamp::None, MOELORA_CLAMP_NONE);
AGREES(Clamp::Pre, MOELORA_CLAMP_PRE);
AGREES(Clamp::Post, MOELORA_CLAMP_POST);
AGREES(PageOrder::RowMajor, MOELORA_PAGE_ROW_MAJOR);
AGREES(Role::Hidden, MOELORA_HIDDEN);
AGREES(Role::Slots, MOELORA_SLOTS);
AGREES(Role::TokenIds, MOELORA_TOKEN_IDS);
AGREES(Role::RouterHidden, MOELORA_ROUTER_HIDDEN);
AGREES(Role::RouterLogits, MOELORA_ROUTER_LOGITS);
AGREES(Role::ExpertIds, MOELORA_EXPERT_IDS);
AGREES(Role::ExpertWeights, MOELORA_EXPERT_WEIGHTS);
AGREES(Role::RouterWeight, MOELORA_ROUTER_WEIGHT);
AGREES(Role::RouterBias, MOELORA_ROUTER_BIAS);
AGREES(Role::SelectionBias, MOELORA_SELECTION_BIAS);
AGREES(Role::GateUpWeight, MOELORA_GATE_UP_WEIGHT);
AGREES(Role::GateUpBias, MOELORA_GATE_UP_BIAS);
AGREES(Role::DownWeight, MOELORA_DOWN_WEIGHT);
AGREES(Role::DownBias, MOELORA_DOWN_BIAS);
AGREES(Role::SharedGateUpWeight, MOELORA_SHARED_GATE_UP_WEIGHT);
AGREES(Role::SharedDownWeight, MOELORA_SHARED_DOWN_WEIGHT);
AGREES(Role::SharedScoreWeight, MOELORA_SHARED_SCORE_WEIGHT);
AGREES(Role::TokenTable, MOELORA_TOKEN_TABLE);
AGREES(Role::ExpertScale, MOELORA_EXPERT_SCALE);
AGREES(Role::RouterNormWeight, MOELORA_ROUTER_NORM_WEIGHT);
AGREES(Role::LatentInWeight, MOELORA_LATENT_IN_WEIGHT);
AGREES(Role::LatentInBias, MOELORA_LATENT_IN_BIAS);
AGREES(Role::LatentOutWeight, MOELORA_LATENT_OUT_WEIGHT);
AGREES(Role::LatentOutBias, MOELORA_LATENT_OUT_BIAS);
AGREES(Role::SharedGateUpBias, MOELORA_SHARED_GATE_UP_BIAS);
AGREES(Role::SharedDownBias, MOELORA_SHARED_DOWN_BIAS);
AGREES(Role::OutputNormWeight, MOELORA_OUTPUT_NORM_WEIGHT);
#undef AGREES

static float toFloat(const llvm::APFloat &value) {
  return float(value.convertToDouble());
}

/// Structs go into the artifact byte by byte, padding included.
template <typename Struct> static Struct cleared() {
  Struct result;
  std::memset(&result, 0, sizeof(result));
  return result;
}

moelora_dtype describeType(Type element) {
  if (element.isBF16())
    return MOELORA_BF16;
  return element.isF16() ? MOELORA_F16 : MOELORA_F32;
}

/// A type that values are rounded to; 0: they are not.
static int32_t describeRounding(Type type) {
  return type ? describeType(type) : 0;
}

moelora_router describeRouter(RouteOp route) {
  RouterAttr router = route.getRouter();
  auto result = cleared<moelora_router>();
  auto logits = cast<RankedTensorType>(route.getLogits().getType());
  result.experts = int32_t(logits.getDimSize(1));
  result.top_k = int32_t(router.getTopK());
  result.always = int32_t(router.getAlways());
  result.logit_type = describeRounding(router.getLogitType());
  result.logit_scale = toFloat(router.getLogitScale());
  result.softcap = toFloat(router.getSoftcap());
  result.score = int32_t(router.getScore());
  result.score_type = describeRounding(router.getScoreType());
  result.bias_on = int32_t(router.getBiasOn());
  result.groups = int32_t(router.getGroups());
  result.top_groups = int32_t(router.getTopGroups());
  result.group_score = int32_t(router.getGroupScore());
  result.group_fill_zero = int32_t(router.getGroupFillZero());
  if (route.getTable())
    result.table_rows = int32_t(
        cast<RankedTensorType>(route.getTable().getType()).getDimSize(0));
  result.post = int32_t(router.getPost());
  result.renormalize = int32_t(router.getRenormalize());
  result.epsilon = toFloat(router.getEpsilon());
  result.norm_p = toFloat(router.getNormP());
  result.scale = toFloat(router.getScale());
  result.expert_scale = bool(route.getExpertScale());
  result.weight_type = describeRounding(router.getWeightType());
  return result;
}

moelora_activation describeActivation(ActivationAttr activation) {
  auto result = cleared<moelora_activation>();
  result.function = int32_t(activation.getFunction());
  result.gated = activation.getGated();
  result.clamp = int32_t(activation.getClamp());
  result.gate_max = toFloat(activation.getGateMax());
  result.up_limit = toFloat(activation.getUpLimit());
  result.alpha = toFloat(activation.getAlpha());
  result.up_offset = toFloat(activation.getUpOffset());
  result.gate_cap = toFloat(activation.getGateCap());
  result.up_cap = toFloat(activation.getUpCap());
  return result;
}

/// The last size that the argument of a role has; 0: there is none.
static int64_t columnsOf(LayerOp layer, Role role) {
  BlockArgument argument = layer.getArgument(role);
  return argument ? cast<RankedTensorType>(argument.getType()).getShape().back()
                  : 0;
}

static uint32_t describeBiases(LayerOp layer) {
  constexpr std::pair<Role, moelora_bias> biases[] = {
      {Role::RouterBias, MOELORA_HAS_ROUTER_BIAS},
      {Role::GateUpBias, MOELORA_HAS_GATE_UP_BIAS},
      {Role::DownBias, MOELORA_HAS_DOWN_BIAS},
      {Role::SharedGateUpBias, MOELORA_HAS_SHARED_GATE_UP_BIAS},
      {Role::SharedDownBias, MOELORA_HAS_SHARED_DOWN_BIAS},
      {Role::LatentInBias, MOELORA_HAS_LATENT_IN_BIAS},
      {Role::LatentOutBias, MOELORA_HAS_LATENT_OUT_BIAS}};
  uint32_t bits = 0;
  for (auto [role, bit] : biases)
    if (layer.getArgument(role))
      bits |= bit;
  return bits;
}

static void describeMatmul(LayerOp layer, GroupedMatmulOp op,
                           moelora_layer &result) {
  if (op.getShared())
    result.shared_scale = toFloat(op.getSharedScale());
  auto weight = dyn_cast<BlockArgument>(op.getWeight());
  if (!weight)
    return;
  Role role = layer.getRole(weight.getArgNumber());
  if (role == Role::GateUpWeight && op.getActivation()) {
    result.activation = describeActivation(*op.getActivation());
    result.weight_on_input = bool(op.getInputWeights());
  }
  if (role == Role::SharedGateUpWeight && op.getActivation())
    result.shared_activation = describeActivation(*op.getActivation());
  if (role != Role::DownWeight)
    return;
  result.routed_scale = toFloat(op.getRoutedScale());
  if (result.zero_experts > 0)
    result.zero_kind =
        op.getIdentity() ? MOELORA_ZERO_IDENTITY : MOELORA_ZERO_DROP;
}

static void describeNorm(LayerOp layer, RmsNormOp op, moelora_layer &result) {
  Value output = layer.getBody().front().getTerminator()->getOperand(0);
  moelora_norm &norm =
      op.getResult() == output ? result.output_norm : result.router_norm;
  norm.present = 1;
  norm.epsilon = toFloat(op.getEpsilon());
  norm.scale = toFloat(op.getScale());
}

/// Without a route the ids still tell how many there are and of what.
static void describeRouting(LayerOp layer, moelora_layer &result) {
  layer.walk([&](RouteOp op) { result.router = describeRouter(op); });
  layer.walk([&](PlanOp op) {
    if (!op.getIds())
      return;
    PlanType plan = op.getPlan().getType();
    result.zero_experts = int32_t(op.getZeroExperts());
    result.router.experts = int32_t(plan.getExperts() + op.getZeroExperts());
    result.router.top_k = int32_t(plan.getTopK());
  });
}

static void describeSizes(LayerOp layer, moelora_layer &result) {
  auto hidden =
      cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType());
  result.dtype = describeType(hidden.getElementType());
  result.hidden = hidden.getDimSize(1);
  result.intermediate = columnsOf(layer, Role::DownWeight);
  result.shared = columnsOf(layer, Role::SharedDownWeight);
  result.latent = columnsOf(layer, Role::LatentOutWeight);
  if (BlockArgument router = layer.getArgument(Role::RouterWeight))
    result.router_dtype = describeType(getElementTypeOrSelf(router.getType()));
}

moelora_layer describeLayer(LayerOp layer) {
  auto result = cleared<moelora_layer>();
  describeSizes(layer, result);
  result.biases = describeBiases(layer);
  result.router_input = bool(layer.getArgument(Role::RouterHidden));
  result.shared_score = bool(layer.getArgument(Role::SharedScoreWeight));
  result.routed_scale = result.shared_scale = 1;
  describeRouting(layer, result);
  layer.walk([&](GroupedMatmulOp op) { describeMatmul(layer, op, result); });
  layer.walk([&](RmsNormOp op) { describeNorm(layer, op, result); });
  return result;
}

} // namespace moelora::codegen
