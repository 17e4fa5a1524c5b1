// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Routers: every stage in every third or so, parameters that the stage can be
// seen by.

#include "Case.h"

#include <algorithm>

namespace moelora::differential {
namespace {

/// Contiguous groups, of which enough are kept to choose from.
void addGroups(Random &random, moelora_router &router) {
  int32_t eligible = router.experts - router.always;
  int32_t chosen = router.top_k - router.always;
  for (int32_t groups : {8, 4, 3, 2}) {
    if (eligible % groups || eligible / groups < 2)
      continue;
    int32_t least = (chosen * groups + eligible - 1) / eligible;
    router.groups = groups;
    router.top_groups = int32_t(random.between(least, groups));
    break;
  }
  router.group_score = random.pick({MOELORA_GROUP_MAX, MOELORA_GROUP_TOP2_SUM});
  router.group_fill_zero = random.oneIn(2);
}

void addChoice(Random &random, moelora_router &router, bool mayAlways) {
  if (mayAlways && random.oneIn(5) && router.top_k > 1)
    router.always = int32_t(random.between(1, std::min(3, router.top_k - 1)));
  if (random.oneIn(3))
    router.bias_on =
        random.pick({MOELORA_BIAS_ON_SCORE, MOELORA_BIAS_ON_LOGIT});
  if (random.oneIn(3))
    addGroups(random, router);
}

void addWeights(Random &random, moelora_router &router) {
  router.post = random.oneIn(4)
                    ? random.pick({MOELORA_POST_SOFTMAX, MOELORA_POST_SIGMOID})
                    : MOELORA_POST_NONE;
  // Raw logits may sum to nothing, and must not be divided by it.
  if (router.score == MOELORA_SCORE_IDENTITY && !router.post)
    router.renormalize =
        random.pick({MOELORA_RENORMALIZE_NONE, MOELORA_RENORMALIZE_PNORM});
  else
    router.renormalize =
        random.pick({MOELORA_RENORMALIZE_NONE, MOELORA_RENORMALIZE_SUM,
                     MOELORA_RENORMALIZE_SUM, MOELORA_RENORMALIZE_CLAMP,
                     MOELORA_RENORMALIZE_PNORM});
  router.epsilon = random.pick({0.0f, 1e-20f, 1e-6f, 0.25f});
  router.norm_p = random.pick({1.0f, 2.0f, 3.0f});
  router.scale = random.oneIn(3) ? 2.5f : 1;
  router.expert_scale = random.oneIn(4);
}

/// A model's own rounding.
void addTypes(Random &random, moelora_router &router) {
  auto type = [&] {
    return random.pick<int32_t>({0, MOELORA_BF16, MOELORA_F16, MOELORA_F32});
  };
  router.logit_type = type();
  router.score_type = type();
  router.weight_type = type();
}

} // namespace

moelora_router makeRouter(Random &random, int32_t experts, bool mayAlways) {
  moelora_router result = {};
  result.experts = experts;
  // No known model chooses more than 22.
  int64_t most = experts > 31 && random.oneIn(4) ? 22 : 8;
  result.top_k = int32_t(random.between(1, std::min<int64_t>(most, experts)));
  result.logit_scale = random.oneIn(4) ? 0.5f : 1;
  result.softcap = random.oneIn(6) ? 3 : 0;
  result.score = random.pick({MOELORA_SCORE_SOFTMAX, MOELORA_SCORE_SOFTMAX,
                              MOELORA_SCORE_SIGMOID, MOELORA_SCORE_SQRTSOFTPLUS,
                              MOELORA_SCORE_IDENTITY});
  result.groups = result.top_groups = 1;
  result.group_score = MOELORA_GROUP_MAX;
  if (random.oneIn(6))
    result.table_rows = int32_t(random.between(1, 40));
  else
    addChoice(random, result, mayAlways);
  addWeights(random, result);
  if (random.oneIn(10))
    addTypes(random, result);
  return result;
}

} // namespace moelora::differential
