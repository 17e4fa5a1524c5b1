// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Logits to expert ids and weights, in f32; one function per stage, in the
// order in which moelora_router lists them. One token at a time, in arrays on
// the stack.

#include "Exponential.h"
#include "Services.h"

#include "moelora/runtime/Execute.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace moelora;

namespace {

constexpr float Infinity = std::numeric_limits<float>::infinity();

/// One token's values; each stage reads and writes some of them.
struct Token {
  float logit[MOELORA_MAX_ROUTED_EXPERTS];
  float score[MOELORA_MAX_ROUTED_EXPERTS];
  float choice[MOELORA_MAX_ROUTED_EXPERTS];
  float groupChoice[MOELORA_MAX_ROUTED_EXPERTS];
  int32_t group[MOELORA_MAX_ROUTED_EXPERTS];
};

/// combine over all values, in eight lanes so that it can be vector code; the
/// order is a function of the count alone.
template <typename Combine>
float reduce(const float *values, int32_t count, float identity,
             Combine combine) {
  constexpr int32_t Lanes = 8;
  float lane[Lanes];
  std::fill(lane, lane + Lanes, identity);
  int32_t i = 0;
  for (; i + Lanes <= count; i += Lanes)
    for (int32_t l = 0; l < Lanes; ++l)
      lane[l] = combine(lane[l], values[i + l]);
  for (int32_t l = 0; i < count; ++i, ++l)
    lane[l] = combine(lane[l], values[i]);
  float all = identity;
  for (float value : lane)
    all = combine(all, value);
  return all;
}

float add(float a, float b) { return a + b; }
float larger(float a, float b) { return b > a ? b : a; }

/// From the side where e^x cannot overflow.
float sigmoid(float x) {
  float small = exponential(-std::fabs(x));
  return (x >= 0 ? 1.0f : small) / (1.0f + small);
}

float sqrtSoftplus(float x) {
  float small = std::exp(-std::fabs(x));
  return std::sqrt(std::max(x, 0.0f) + std::log1p(small));
}

/// values -> e^values / sum e^values; safe for large values.
void softmax(float *values, int32_t count) {
  float top = reduce(values, count, -Infinity, larger);
  for (int32_t i = 0; i < count; ++i)
    values[i] = exponential(values[i] - top);
  float sum = reduce(values, count, 0.0f, add);
  for (int32_t i = 0; i < count; ++i)
    values[i] /= sum;
}

void scaleLogits(const moelora_router &router, const float *given,
                 float *logit) {
  float cap = router.softcap;
  for (int32_t e = 0; e < router.experts; ++e)
    logit[e] = given[e] * router.logit_scale;
  if (cap > 0)
    for (int32_t e = 0; e < router.experts; ++e)
      logit[e] = std::tanh(logit[e] / cap) * cap;
}

void scoreExperts(const moelora_router &router, const float *logit,
                  float *score) {
  std::copy(logit, logit + router.experts, score);
  if (router.score == MOELORA_SCORE_SOFTMAX)
    softmax(score, router.experts);
  else if (router.score == MOELORA_SCORE_SIGMOID)
    std::transform(score, score + router.experts, score, sigmoid);
  else if (router.score == MOELORA_SCORE_SQRTSOFTPLUS)
    std::transform(score, score + router.experts, score, sqrtSoftplus);
}

bool limitsGroups(const moelora_router &router) {
  return router.groups > 1 && router.top_groups < router.groups;
}

/// What the selection compares. Every score grows with its logit, so where
/// nothing is added logits order the experts as exact scores would, and do not
/// tie where scores round to the same float.
void chooseBy(const moelora_router &router, const float *bias, Token &token) {
  bool byScore =
      router.bias_on == MOELORA_BIAS_ON_SCORE || limitsGroups(router);
  const float *from = byScore && router.bias_on != MOELORA_BIAS_ON_LOGIT
                          ? token.score
                          : token.logit;
  bool biased = bias && router.bias_on != MOELORA_BIAS_NONE;
  for (int32_t e = 0; e < router.experts; ++e) {
    float choice = from[e] + (biased ? bias[e] : 0.0f);
    token.choice[e] = choice == choice ? choice : -Infinity;
  }
}

/// The ids of the k largest choices, the largest first, equal ones by id.
/// Choices must not be NaN.
void selectTop(const float *choice, int32_t count, int32_t k, int32_t *ids) {
  for (int32_t id = 0; id < count; ++id) {
    if (id >= k && !(choice[id] > choice[ids[k - 1]]))
      continue;
    int32_t place = std::min(id, k - 1);
    for (; place > 0 && choice[id] > choice[ids[place - 1]]; --place)
      ids[place] = ids[place - 1];
    ids[place] = id;
  }
}

float scoreGroup(const moelora_router &router, const float *choice,
                 int32_t size) {
  float best = -Infinity, second = -Infinity;
  for (int32_t i = 0; i < size; ++i) {
    second = larger(second, std::min(best, choice[i]));
    best = larger(best, choice[i]);
  }
  bool sums = router.group_score == MOELORA_GROUP_TOP2_SUM && size > 1;
  return sums ? best + second : best;
}

void limitGroups(const moelora_router &router, Token &token) {
  int32_t size = router.experts / router.groups;
  for (int32_t g = 0; g < router.groups; ++g)
    token.groupChoice[g] = scoreGroup(router, token.choice + g * size, size);
  selectTop(token.groupChoice, router.groups, router.top_groups, token.group);
  std::sort(token.group, token.group + router.top_groups);
  float fill = router.group_fill_zero ? 0.0f : -Infinity;
  const int32_t *kept = token.group, *end = kept + router.top_groups;
  for (int32_t g = 0; g < router.groups; ++g)
    if (kept != end && *kept == g)
      ++kept;
    else
      std::fill_n(token.choice + g * size, size, fill);
}

void gather(const moelora_router &router, const float *score,
            const int32_t *ids, float *weights) {
  for (int32_t j = 0; j < router.top_k; ++j)
    weights[j] = score[ids[j]];
  if (router.post == MOELORA_POST_SOFTMAX)
    softmax(weights, router.top_k);
  else if (router.post == MOELORA_POST_SIGMOID)
    std::transform(weights, weights + router.top_k, weights, sigmoid);
}

/// What the weights are divided by.
float divisor(const moelora_router &router, const float *weights) {
  int32_t k = router.top_k;
  switch (router.renormalize) {
  case MOELORA_RENORMALIZE_SUM:
    return reduce(weights, k, 0.0f, add) + router.epsilon;
  case MOELORA_RENORMALIZE_CLAMP:
    return larger(reduce(weights, k, 0.0f, add), router.epsilon);
  case MOELORA_RENORMALIZE_PNORM: {
    auto addPower = [&](float sum, float weight) {
      return sum + std::pow(std::fabs(weight), router.norm_p);
    };
    float sum = 0;
    for (int32_t j = 0; j < k; ++j)
      sum = addPower(sum, weights[j]);
    return std::pow(sum, 1.0f / router.norm_p);
  }
  default:
    return 1.0f;
  }
}

void routeToken(const moelora_router &router, const float *logits,
                const float *bias, Token &token, int32_t *ids, float *weights) {
  scaleLogits(router, logits, token.logit);
  scoreExperts(router, token.logit, token.score);
  chooseBy(router, bias, token);
  if (limitsGroups(router))
    limitGroups(router, token);
  selectTop(token.choice, router.experts, router.top_k, ids);
  gather(router, token.score, ids, weights);
  float by = divisor(router, weights);
  for (int32_t j = 0; j < router.top_k; ++j)
    weights[j] = weights[j] / by * router.scale;
}

} // namespace

void moelora::route(const moelora_router *router, int64_t tokens,
                    const float *logits, const float *bias, int32_t *ids,
                    float *weights) {
  int32_t k = router->top_k;
  // Loading refuses such layers; without it every pair is simply dropped.
  if (router->experts > MOELORA_MAX_ROUTED_EXPERTS || router->by_table) {
    std::fill_n(ids, tokens * k, -1);
    std::fill_n(weights, tokens * k, 0.0f);
    return;
  }
  Token token;
  for (int64_t t = 0; t < tokens; ++t)
    routeToken(*router, logits + t * router->experts, bias, token, ids + t * k,
               weights + t * k);
}
