// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts attributes to the structs of moelora_layer. The dialect and the ABI
// use the same numbers for their cases, which is asserted here for every case.

#include "LayerDescription.h"

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
AGREES(PageOrder::FragmentMajor, MOELORA_PAGE_FRAGMENT_MAJOR);
AGREES(Role::Hidden, MOELORA_HIDDEN);
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
AGREES(Role::ExpertMap, MOELORA_EXPERT_MAP);
#undef AGREES

float describeReal(const llvm::APFloat &value) {
  return float(value.convertToDouble());
}

moelora_dtype describeType(Type element) {
  if (element.isInteger(32))
    return MOELORA_I32;
  if (element.isBF16())
    return MOELORA_BF16;
  return element.isF16() ? MOELORA_F16 : MOELORA_F32;
}

/// The type to which values are rounded, or 0 if they are not.
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
  result.logit_scale = describeReal(router.getLogitScale());
  result.softcap = describeReal(router.getSoftcap());
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
  result.epsilon = describeReal(router.getEpsilon());
  result.norm_p = describeReal(router.getNormP());
  result.scale = describeReal(router.getScale());
  result.expert_scale = bool(route.getExpertScale());
  result.weight_type = describeRounding(router.getWeightType());
  return result;
}

moelora_activation describeActivation(ActivationAttr activation) {
  auto result = cleared<moelora_activation>();
  result.function = int32_t(activation.getFunction());
  result.gated = activation.getGated();
  result.clamp = int32_t(activation.getClamp());
  result.gate_max = describeReal(activation.getGateMax());
  result.up_limit = describeReal(activation.getUpLimit());
  result.alpha = describeReal(activation.getAlpha());
  result.up_offset = describeReal(activation.getUpOffset());
  result.gate_cap = describeReal(activation.getGateCap());
  result.up_cap = describeReal(activation.getUpCap());
  return result;
}

std::optional<moelora_layer> describeLayer(LayerOp layer) {
  Misfit misfit;
  std::optional<moelora_layer> description = recognizeLayer(layer, misfit);
  if (!description)
    misfit.op->emitRemark()
        << "'" << misfit.op->getName() << "' op " << misfit.text
        << "; the artifact does not describe @" << layer.getSymName();
  return description;
}

} // namespace moelora::codegen
