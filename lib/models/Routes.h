// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Routers by their usual names.
#ifndef MOELORA_LIB_MODELS_ROUTES_H
#define MOELORA_LIB_MODELS_ROUTES_H

#include "Keys.h"

#include "moelora/runtime/Layer.h"

namespace moelora::models {

/// One form of a family's router, completed from the config.
struct Route {
  const char *word = nullptr; // value of the family's key; null: no form
  moelora_router router = {};
  /// Whether `router.renormalize` is applied.
  Flag renormalize = {};
  bool keepsSingle = false; // a single chosen expert is not renormalised
  bool grouped = false;     // the numbers of groups are read
};

/// Independent of the config.
constexpr Flag fixed(bool value) { return {{}, value}; }

constexpr Route plainRoute(moelora_score score, Flag renormalize) {
  Route route;
  route.word = "";
  route.renormalize = renormalize;
  moelora_router &r = route.router;
  r.logit_scale = 1;
  r.score = score;
  r.groups = r.top_groups = 1;
  r.group_score = MOELORA_GROUP_MAX;
  r.renormalize = MOELORA_RENORMALIZE_SUM;
  r.norm_p = 1;
  r.scale = 1;
  return route;
}

/// Softmax over all experts, the k largest.
constexpr Route softmaxTopK(Flag renormalize) {
  return plainRoute(MOELORA_SCORE_SOFTMAX, renormalize);
}

/// The k largest logits, with a softmax over them.
constexpr Route topKSoftmax() {
  Route route = plainRoute(MOELORA_SCORE_IDENTITY, fixed(false));
  route.router.post = MOELORA_POST_SOFTMAX;
  return route;
}

/// The k largest logits, with a sigmoid of each.
constexpr Route topKSigmoid(Flag renormalize) {
  Route route = plainRoute(MOELORA_SCORE_IDENTITY, renormalize);
  route.router.post = MOELORA_POST_SIGMOID;
  return route;
}

/// A score per expert, and a bias that affects only the choice.
constexpr Route biased(moelora_score score, Flag renormalize, float epsilon) {
  Route route = plainRoute(score, renormalize);
  route.router.bias_on = MOELORA_BIAS_ON_SCORE;
  route.router.epsilon = epsilon;
  return route;
}

/// Only experts of the best groups. The others get -infinity, or zero.
constexpr Route grouped(Route route, moelora_group_score score,
                        bool fillZero = false) {
  route.grouped = true;
  route.router.group_score = score;
  route.router.group_fill_zero = fillZero;
  return route;
}

/// Sigmoid, bias, groups scored by their two best experts, optional
/// renormalisation.
constexpr Route noAuxTc(bool renormalize = true) {
  return grouped(biased(MOELORA_SCORE_SIGMOID,
                        {{"norm_topk_prob", "moe_renormalize"}, renormalize},
                        1e-20f),
                 MOELORA_GROUP_TOP2_SUM);
}

/// Renormalised only where more than one expert is chosen.
constexpr Route keepingSingle(Route route) {
  route.keepsSingle = true;
  return route;
}

constexpr Route under(const char *word, Route route) {
  route.word = word;
  return route;
}

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_ROUTES_H
