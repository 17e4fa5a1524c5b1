// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes expert ids and weights from logits, in f32. There is one function
// per stage, in the order of moelora_router. Tokens are processed one at a
// time, in arrays on the stack.

#include "base/Convert.h"
#include "run/host/Exponential.h"
#include "run/host/Services.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace moelora;

namespace {

constexpr float Infinity = std::numeric_limits<float>::infinity();

/// The values of one token. Each stage reads and writes some of them.
struct Token {
  float logit[MOELORA_MAX_ROUTED_EXPERTS];
  float score[MOELORA_MAX_ROUTED_EXPERTS];
  float choice[MOELORA_MAX_ROUTED_EXPERTS];
  float groupChoice[MOELORA_MAX_ROUTED_EXPERTS];
  int32_t group[MOELORA_MAX_ROUTED_EXPERTS];
};

/// Reduces all values with `combine`, in eight lanes so that it can be vector
/// code. The order depends only on the count.
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

/// values -> e^values / sum e^values; safe for large values.
void softmax(float *values, int32_t count) {
  float top = reduce(values, count, -Infinity, larger);
  for (int32_t i = 0; i < count; ++i)
    values[i] = exponential(values[i] - top);
  float sum = reduce(values, count, 0.0f, add);
  for (int32_t i = 0; i < count; ++i)
    values[i] /= sum;
}

template <typename Element> void roundEach(float *values, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    values[i] = widen(narrow<Element>(values[i]));
}

/// Rounds values to a moelora_dtype. 0 and f32 do not change them.
void roundTo(int32_t type, float *values, int32_t count) {
  if (type == MOELORA_BF16)
    roundEach<BF16>(values, count);
  else if (type == MOELORA_F16)
    roundEach<F16>(values, count);
}

void scaleLogits(const moelora_router &router, const float *given,
                 float *logit) {
  float cap = router.softcap;
  std::copy(given, given + router.experts, logit);
  roundTo(router.logit_type, logit, router.experts);
  for (int32_t e = 0; e < router.experts; ++e)
    logit[e] *= router.logit_scale;
  if (cap > 0)
    for (int32_t e = 0; e < router.experts; ++e)
      logit[e] = hyperbolicTangent(logit[e] / cap) * cap;
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
  roundTo(router.score_type, score, router.experts);
}

/// The number of experts from which tokens choose.
int32_t eligible(const moelora_router &router) {
  return router.experts - router.always;
}

bool limitsGroups(const moelora_router &router) {
  return router.groups > 1 && router.top_groups < router.groups;
}

/// A value to select by; one that is not a number is the last.
float orLast(float value) { return value == value ? value : -Infinity; }

/// The values by which experts are selected. Scores increase with their logits,
/// so if nothing is added, logits give the same order as exact scores, without
/// the ties of scores that round to the same float. Scores are used if the
/// model rounds them.
void chooseBy(const moelora_router &router, const float *bias, Token &token) {
  bool byScore = router.bias_on == MOELORA_BIAS_ON_SCORE ||
                 limitsGroups(router) || router.score_type;
  const float *from = byScore && router.bias_on != MOELORA_BIAS_ON_LOGIT
                          ? token.score
                          : token.logit;
  bool biased = bias && router.bias_on != MOELORA_BIAS_NONE;
  for (int32_t e = 0; e < eligible(router); ++e)
    token.choice[e] = orLast(from[e] + (biased ? bias[e] : 0.0f));
}

/// The ids of the k largest choices, the largest first, equal ones by id.
/// Choices must not be NaN.
void selectTop(const float *choice, int32_t count, int32_t k, int32_t *ids) {
  for (int32_t id = 0; k > 0 && id < count; ++id) {
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
  return sums ? orLast(best + second) : best;
}

void limitGroups(const moelora_router &router, Token &token) {
  int32_t size = eligible(router) / router.groups;
  for (int32_t g = 0; g < router.groups; ++g)
    token.groupChoice[g] =
        scoreGroup(router, token.choice + int64_t(g) * size, size);
  selectTop(token.groupChoice, router.groups, router.top_groups, token.group);
  std::sort(token.group, token.group + router.top_groups);
  float fill = router.group_fill_zero ? 0.0f : -Infinity;
  const int32_t *kept = token.group, *end = kept + router.top_groups;
  for (int32_t g = 0; g < router.groups; ++g)
    if (kept != end && *kept == g)
      ++kept;
    else
      std::fill_n(token.choice + int64_t(g) * size, size, fill);
}

void choose(const moelora_router &router, const float *bias, Token &token,
            int32_t *ids) {
  int32_t chosen = router.top_k - router.always;
  chooseBy(router, bias, token);
  if (limitsGroups(router))
    limitGroups(router, token);
  selectTop(token.choice, eligible(router), chosen, ids);
  for (int32_t i = 0; i < router.always; ++i)
    ids[chosen + i] = eligible(router) + i;
}

/// Reads a row of the table; -1 if the token or an id of its row is out of
/// range.
void lookUp(const moelora_router &router, const moelora_route_inputs &inputs,
            int64_t t, int32_t *ids, uint64_t &dropped) {
  int32_t token = inputs.token_ids[t];
  bool known = inRange(token, router.table_rows);
  const int32_t *row = inputs.table + int64_t(known ? token : 0) * router.top_k;
  for (int32_t j = 0; j < router.top_k; ++j) {
    bool valid = known && inRange(row[j], router.experts);
    ids[j] = valid ? row[j] : -1;
    dropped += !valid;
  }
}

/// The divisor of the weights.
float divisor(const moelora_router &router, const float *weights,
              int32_t count) {
  switch (router.renormalize) {
  case MOELORA_RENORMALIZE_SUM:
    return reduce(weights, count, 0.0f, add) + router.epsilon;
  case MOELORA_RENORMALIZE_CLAMP:
    return larger(reduce(weights, count, 0.0f, add), router.epsilon);
  case MOELORA_RENORMALIZE_PNORM: {
    float sum = 0;
    for (int32_t j = 0; j < count; ++j)
      sum += std::pow(std::fabs(weights[j]), router.norm_p);
    return std::pow(sum, 1.0f / router.norm_p);
  }
  default:
    return 1.0f;
  }
}

/// Compacts the scores of the valid choices, and returns their number.
int32_t gather(const moelora_router &router, const float *score,
               const int32_t *ids, float *weights) {
  int32_t count = 0;
  for (int32_t j = 0; j < router.top_k; ++j)
    if (ids[j] >= 0)
      weights[count++] = score[ids[j]];
  if (router.post == MOELORA_POST_SOFTMAX)
    softmax(weights, count);
  else if (router.post == MOELORA_POST_SIGMOID)
    std::transform(weights, weights + count, weights, sigmoid);
  return count;
}

void weigh(const moelora_router &router, const float *score,
           const float *expertScale, const int32_t *ids, float *weights) {
  int32_t count = gather(router, score, ids, weights);
  float by = divisor(router, weights, count);
  // Starts with the last one, so that no value is overwritten before it is
  // read.
  for (int32_t j = router.top_k - 1; j >= 0; --j) {
    float weight = ids[j] < 0 ? 0.0f : weights[--count] / by * router.scale;
    weights[j] =
        expertScale && ids[j] >= 0 ? weight * expertScale[ids[j]] : weight;
  }
  roundTo(router.weight_type, weights, router.top_k);
}

} // namespace

void moelora::route(const moelora_router *router,
                    const moelora_route_inputs *inputs, int32_t *ids,
                    float *weights, moelora_run_stats *stats) {
  int32_t k = router->top_k;
  // Loading refuses such layers. If one is run nevertheless, every pair is
  // dropped.
  if (router->experts > MOELORA_MAX_ROUTED_EXPERTS) {
    std::fill_n(ids, inputs->tokens * k, -1);
    std::fill_n(weights, inputs->tokens * k, 0.0f);
    return;
  }
  Token token;
  uint64_t dropped = 0;
  for (int64_t t = 0; t < inputs->tokens; ++t, ids += k, weights += k) {
    scaleLogits(*router, inputs->logits + t * router->experts, token.logit);
    scoreExperts(*router, token.logit, token.score);
    if (router->table_rows)
      lookUp(*router, *inputs, t, ids, dropped);
    else
      choose(*router, inputs->bias, token, ids);
    weigh(*router, token.score,
          router->expert_scale ? inputs->expert_scale : nullptr, ids, weights);
  }
  addTo(stats->dropped_pairs, dropped);
}
