// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Enumerators of the dialect have the numbers of moelora/runtime/Layer.h.

#include "Descriptions.h"

using namespace mlir;

namespace moelora::interpreter {

static_assert(int(Score::Identity) == MOELORA_SCORE_IDENTITY);
static_assert(int(BiasOn::Logit) == MOELORA_BIAS_ON_LOGIT);
static_assert(int(GroupScore::Top2Sum) == MOELORA_GROUP_TOP2_SUM);
static_assert(int(Post::Sigmoid) == MOELORA_POST_SIGMOID);
static_assert(int(Renormalize::PNorm) == MOELORA_RENORMALIZE_PNORM);
static_assert(int(Function::Relu2) == MOELORA_RELU2);
static_assert(int(Clamp::Post) == MOELORA_CLAMP_POST);

static float narrow(const llvm::APFloat &value) {
  return static_cast<float>(value.convertToDouble());
}

/// The type to which values are rounded, or 0 if they are not.
static int32_t roundingType(Type type) { return type ? describe(type) : 0; }

moelora_router describe(RouterAttr router, int64_t experts) {
  moelora_router result = {};
  result.experts = experts;
  result.top_k = router.getTopK();
  result.always = router.getAlways();
  result.logit_type = roundingType(router.getLogitType());
  result.score_type = roundingType(router.getScoreType());
  result.weight_type = roundingType(router.getWeightType());
  result.logit_scale = narrow(router.getLogitScale());
  result.softcap = narrow(router.getSoftcap());
  result.score = int32_t(router.getScore());
  result.bias_on = int32_t(router.getBiasOn());
  result.groups = router.getGroups();
  result.top_groups = router.getTopGroups();
  result.group_score = int32_t(router.getGroupScore());
  result.group_fill_zero = router.getGroupFillZero();
  result.post = int32_t(router.getPost());
  result.renormalize = int32_t(router.getRenormalize());
  result.epsilon = narrow(router.getEpsilon());
  result.norm_p = narrow(router.getNormP());
  result.scale = narrow(router.getScale());
  return result;
}

moelora_activation describe(ActivationAttr activation) {
  moelora_activation result = {};
  result.function = int32_t(activation.getFunction());
  result.gated = activation.getGated();
  result.clamp = int32_t(activation.getClamp());
  result.gate_max = narrow(activation.getGateMax());
  result.up_limit = narrow(activation.getUpLimit());
  result.alpha = narrow(activation.getAlpha());
  result.up_offset = narrow(activation.getUpOffset());
  result.gate_cap = narrow(activation.getGateCap());
  result.up_cap = narrow(activation.getUpCap());
  return result;
}

moelora_dtype describe(Type element) {
  if (element.isBF16())
    return MOELORA_BF16;
  if (element.isF16())
    return MOELORA_F16;
  return element.isF32() ? MOELORA_F32 : MOELORA_F64;
}

} // namespace moelora::interpreter
