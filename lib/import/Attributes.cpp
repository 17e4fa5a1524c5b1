// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts the numbers of a description to attributes of the dialect.

#include "Attributes.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moelora;

/// The enumerator of this number, or an error that names the field.
template <typename Enum>
static bool read(Enum &result, std::optional<Enum> known, StringRef field,
                 int32_t number, EmitError emitError) {
  if (known) {
    result = *known;
    return true;
  }
  emitError() << "expects " << field
              << " to be known to the dialect, but it is " << number;
  return false;
}

/// The dialect's integers are 64 bits wide.
static int64_t integer(int32_t value) { return value; }

/// A float as the real of the attribute, exactly.
static llvm::APFloat real(float value) {
  return llvm::APFloat(static_cast<double>(value));
}

RouterAttr moelora::importRouter(MLIRContext *context, EmitError emitError,
                                 const moelora_router &router) {
  Score score;
  BiasOn biasOn;
  GroupScore groupScore = GroupScore::Max; // has no effect without groups
  Post post;
  Renormalize renormalize;
  if (!read(score, symbolizeScore(router.score), "score", router.score,
            emitError) ||
      !read(biasOn, symbolizeBiasOn(router.bias_on), "bias_on", router.bias_on,
            emitError) ||
      (router.groups > 1 &&
       !read(groupScore, symbolizeGroupScore(router.group_score), "group_score",
             router.group_score, emitError)) ||
      !read(post, symbolizePost(router.post), "post", router.post, emitError) ||
      !read(renormalize, symbolizeRenormalize(router.renormalize),
            "renormalize", router.renormalize, emitError))
    return {};
  Type types[3];
  int32_t numbers[] = {router.logit_type, router.score_type,
                       router.weight_type};
  for (auto [type, number] : llvm::zip(types, numbers)) {
    if (number == 0)
      continue;
    type = importType(context, emitError, number);
    if (!type)
      return {};
  }
  return RouterAttr::getChecked(
      emitError, context, integer(router.top_k), score, biasOn,
      integer(router.groups), integer(router.top_groups), groupScore,
      integer(router.group_fill_zero), post, renormalize, real(router.epsilon),
      real(router.norm_p), real(router.scale), real(router.logit_scale),
      real(router.softcap), integer(router.always), types[0], types[1],
      types[2]);
}

ActivationAttr moelora::importActivation(MLIRContext *context,
                                         EmitError emitError,
                                         const moelora_activation &activation) {
  Function function;
  Clamp clamp;
  if (!read(function, symbolizeFunction(activation.function), "function",
            activation.function, emitError) ||
      !read(clamp, symbolizeClamp(activation.clamp), "clamp", activation.clamp,
            emitError))
    return {};
  return ActivationAttr::getChecked(
      emitError, context, function, activation.gated != 0, clamp,
      real(activation.gate_max), real(activation.up_limit),
      real(activation.alpha), real(activation.up_offset),
      real(activation.gate_cap), real(activation.up_cap));
}

FloatType moelora::importType(MLIRContext *context, EmitError emitError,
                              int32_t dtype) {
  switch (dtype) {
  case MOELORA_F32:
    return Float32Type::get(context);
  case MOELORA_F16:
    return Float16Type::get(context);
  case MOELORA_BF16:
    return BFloat16Type::get(context);
  }
  emitError() << "expects a type of f32, f16 or bf16, but the dtype is "
              << dtype;
  return {};
}
