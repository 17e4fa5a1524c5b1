// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The router, stage by stage, in the order of moelora_router's fields.

#include "moelora/reference/Ops.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moelora::reference {

namespace {

using Ids = std::vector<int32_t>;

constexpr double infinity = std::numeric_limits<double>::infinity();

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// sqrt(log(1 + e^x)), without overflow for large x.
double sqrtSoftplus(double x) {
  return std::sqrt(std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))));
}

Vector softmax(Vector v) {
  double largest = *std::max_element(v.begin(), v.end());
  double sum = 0;
  for (double &x : v)
    sum += x = std::exp(x - largest);
  for (double &x : v)
    x /= sum;
  return v;
}

template <typename Function> Vector map(Vector v, Function function) {
  for (double &x : v)
    x = function(x);
  return v;
}

/// A rounding of the model is part of the router's definition. 0: none.
Vector roundAll(int32_t type, Vector v) {
  if (!type)
    return v;
  return map(std::move(v),
             [=](double x) { return roundTo(moelora_dtype(type), x); });
}

Vector scaleLogits(const moelora_router &router, const Vector &logits) {
  double c = router.softcap;
  return map(roundAll(router.logit_type, logits), [&](double l) {
    l *= router.logit_scale;
    return c > 0 ? std::tanh(l / c) * c : l;
  });
}

Vector score(const moelora_router &router, const Vector &logits) {
  switch (router.score) {
  case MOELORA_SCORE_SOFTMAX:
    return softmax(logits);
  case MOELORA_SCORE_SIGMOID:
    return map(logits, sigmoid);
  case MOELORA_SCORE_SQRTSOFTPLUS:
    return map(logits, sqrtSoftplus);
  }
  return logits;
}

/// The values for the choice: the scores or the logits, plus the bias, of the
/// experts that are not always chosen.
Vector choice(const moelora_router &router, const Vector &logits,
              const Vector &scores, const Vector &bias) {
  Vector c = router.bias_on == MOELORA_BIAS_ON_LOGIT ? logits : scores;
  c.resize(c.size() - router.always);
  if (router.bias_on != MOELORA_BIAS_NONE)
    for (size_t e = 0; e < c.size(); ++e)
      c[e] += bias[e];
  return c;
}

/// NaN is below every number, so that a choice is always possible.
bool beats(double a, double b) {
  return a > b || (std::isnan(b) && !std::isnan(a));
}

/// The n best, best first. Of equal values, the lower index is taken.
Ids best(const Vector &values, int32_t n) {
  Ids order(values.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = int32_t(i);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    bool equal = !beats(values[a], values[b]) && !beats(values[b], values[a]);
    return equal ? a < b : beats(values[a], values[b]);
  });
  order.resize(n);
  return order;
}

double groupScore(const moelora_router &router, const Vector &group) {
  Ids two = best(group, std::min<int32_t>(2, int32_t(group.size())));
  double score = group[two[0]];
  if (router.group_score == MOELORA_GROUP_TOP2_SUM && two.size() > 1)
    score += group[two[1]];
  return score;
}

/// Experts outside the best groups cannot be chosen.
Vector keepGroups(const moelora_router &router, const Vector &choices) {
  if (router.groups <= 1 || router.top_groups >= router.groups)
    return choices;
  int64_t size = int64_t(choices.size()) / router.groups;
  Vector scores;
  for (int64_t g = 0; g < router.groups; ++g)
    scores.push_back(
        groupScore(router, Vector(choices.begin() + g * size,
                                  choices.begin() + (g + 1) * size)));
  Vector kept(choices.size(), router.group_fill_zero ? 0 : -infinity);
  for (int32_t g : best(scores, router.top_groups))
    std::copy_n(choices.begin() + g * size, size, kept.begin() + g * size);
  return kept;
}

Vector post(const moelora_router &router, const Vector &gathered) {
  switch (router.post) {
  case MOELORA_POST_SOFTMAX:
    return softmax(gathered);
  case MOELORA_POST_SIGMOID:
    return map(gathered, sigmoid);
  }
  return gathered;
}

double pNorm(const Vector &weights, double p) {
  double sum = 0;
  for (double w : weights)
    sum += std::pow(std::abs(w), p);
  return std::pow(sum, 1 / p);
}

double divisor(const moelora_router &router, const Vector &weights) {
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  switch (router.renormalize) {
  case MOELORA_RENORMALIZE_SUM:
    return sum + router.epsilon;
  case MOELORA_RENORMALIZE_CLAMP:
    return sum < router.epsilon ? router.epsilon : sum; // NaN stays NaN
  case MOELORA_RENORMALIZE_PNORM:
    return pNorm(weights, router.norm_p);
  }
  return 1;
}

Ids choose(const moelora_router &router, const Vector &choices) {
  Ids ids = best(keepGroups(router, choices), router.top_k - router.always);
  for (int32_t e = router.experts - router.always; e < router.experts; ++e)
    ids.push_back(e);
  return ids;
}

/// Replaces ids out of range.
Ids known(const moelora_router &router, Ids ids) {
  for (int32_t &e : ids)
    e = e >= 0 && e < router.experts ? e : -1;
  return ids;
}

/// Computes the weights of the chosen experts from their scores.
Vector weigh(const moelora_router &router, const Vector &gathered,
             const Ids &ids, const Vector &expertScale,
             const Rounding &rounding) {
  Vector weights = gathered.empty() ? gathered : post(router, gathered);
  double d = divisor(router, weights);
  for (size_t j = 0; j < weights.size(); ++j) {
    double own = expertScale.empty() ? 1 : expertScale[ids[j]];
    weights[j] = rounding.accumulator(weights[j] / d * router.scale * own);
  }
  return roundAll(router.weight_type, weights);
}

} // namespace

std::vector<int32_t> tableRow(const moelora_router &router,
                              const int32_t *table, int32_t id) {
  if (id < 0 || id >= router.table_rows)
    return Ids(router.top_k, -1);
  const int32_t *row = table + int64_t(id) * router.top_k;
  return Ids(row, row + router.top_k);
}

Routed route(const moelora_router &router, const Vector &logits,
             const RouterOperands &operands, const Rounding &rounding) {
  Vector scaled = scaleLogits(router, logits);
  Vector scores = roundAll(router.score_type, score(router, scaled));
  Routed routed;
  routed.ids =
      router.table_rows
          ? known(router, operands.table)
          : choose(router, choice(router, scaled, scores, operands.bias));
  routed.weights.resize(routed.ids.size());
  Ids ids;
  Vector gathered;
  for (int32_t e : routed.ids)
    if (e >= 0) {
      ids.push_back(e);
      gathered.push_back(scores[e]);
    }
  Vector weights = weigh(router, gathered, ids, operands.expertScale, rounding);
  for (size_t j = 0, next = 0; j < routed.ids.size(); ++j)
    if (routed.ids[j] >= 0)
      routed.weights[j] = weights[next++];
  return routed;
}

} // namespace moelora::reference
