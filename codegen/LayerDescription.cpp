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

moelora_router describeRouter(RouterAttr router, int64_t experts) {
  auto result = cleared<moelora_router>();
  result.experts = int32_t(experts);
  result.top_k = int32_t(router.getTopK());
  result.logit_scale = toFloat(router.getLogitScale());
  result.softcap = toFloat(router.getSoftcap());
  result.score = int32_t(router.getScore());
  result.bias_on = int32_t(router.getBiasOn());
  result.groups = int32_t(router.getGroups());
  result.top_groups = int32_t(router.getTopGroups());
  result.group_score = int32_t(router.getGroupScore());
  result.group_fill_zero = int32_t(router.getGroupFillZero());
  result.post = int32_t(router.getPost());
  result.renormalize = int32_t(router.getRenormalize());
  result.epsilon = toFloat(router.getEpsilon());
  result.norm_p = toFloat(router.getNormP());
  result.scale = toFloat(router.getScale());
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
  return result;
}

moelora_dtype describeType(Type element) {
  if (element.isBF16())
    return MOELORA_BF16;
  return element.isF16() ? MOELORA_F16 : MOELORA_F32;
}

/// The sizes that the argument of a role has, or none.
static ArrayRef<int64_t> shapeOf(LayerOp layer, Role role) {
  BlockArgument argument = layer.getArgument(role);
  if (!argument)
    return {};
  return cast<RankedTensorType>(argument.getType()).getShape();
}

static void describeMatmul(LayerOp layer, GroupedMatmulOp op,
                           moelora_layer &result) {
  auto weight = dyn_cast<BlockArgument>(op.getWeight());
  if (!weight)
    return;
  Role role = layer.getRole(weight.getArgNumber());
  if (role == Role::GateUpWeight && op.getActivation())
    result.activation = describeActivation(*op.getActivation());
  if (role == Role::SharedGateUpWeight && op.getActivation())
    result.shared_activation = describeActivation(*op.getActivation());
  if (role == Role::DownWeight)
    result.routed_scale = toFloat(op.getRoutedScale());
}

static void describeRouting(LayerOp layer, moelora_layer &result) {
  layer.walk([&](RouteOp op) {
    auto logits = cast<RankedTensorType>(op.getLogits().getType());
    result.router = describeRouter(op.getRouter(), logits.getDimSize(1));
  });
  layer.walk([&](PlanOp op) {
    if (!op.getIds() || result.router.top_k)
      return;
    result.router.experts = int32_t(op.getPlan().getType().getExperts());
    result.router.top_k = int32_t(op.getPlan().getType().getTopK());
  });
}

moelora_layer describeLayer(LayerOp layer) {
  auto result = cleared<moelora_layer>();
  auto hidden =
      cast<RankedTensorType>(layer.getArgument(Role::Hidden).getType());
  result.dtype = describeType(hidden.getElementType());
  result.hidden = hidden.getDimSize(1);
  if (auto down = shapeOf(layer, Role::DownWeight); !down.empty())
    result.intermediate = down.back();
  if (auto down = shapeOf(layer, Role::SharedDownWeight); !down.empty())
    result.shared = down.back();
  result.shared_score = bool(layer.getArgument(Role::SharedScoreWeight));
  result.routed_scale = 1;
  describeRouting(layer, result);
  layer.walk([&](GroupedMatmulOp op) { describeMatmul(layer, op, result); });
  return result;
}

} // namespace moelora::codegen
