// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes the number of units, their size, and whether the choice of experts
// is decided.

#include "BoundWalk.h"

#include "moelora/reference/Bound.h"

#include <algorithm>
#include <cmath>

namespace moelora::reference {

double unitOf(moelora_dtype type) {
  switch (type) {
  case MOELORA_BF16:
    return 0x1p-8;
  case MOELORA_F16:
    return 0x1p-11;
  default:
    return 0x1p-22;
  }
}

double sumUnit(int64_t products) {
  return 0x1p-25 * std::sqrt(double(products));
}

/// A rounded softmax: a score changes by the unit of its type if its logit
/// changes.
static double scoreReach(const moelora_router &router) {
  return router.score_type && router.score == MOELORA_SCORE_SOFTMAX
             ? boundConstant * unitOf(moelora_dtype(router.score_type))
             : 0;
}

/// Whether the choice stays the same if every logit changes against it by its
/// error: chosen ones decrease, others increase.
static bool isDecided(const Token &token, const BoundWalk &walk,
                      const Routed &routed) {
  const moelora_layer &layer = token.problem.layer;
  const moelora_router &router = layer.router;
  if (token.problem.entry == Entry::FromIds || router.table_rows)
    return true;
  double unit = unitOf(static_cast<moelora_dtype>(layer.dtype));
  Vector logits = logitsOf(token), logitError2 = walk.logitError();
  for (size_t e = 0; e < logits.size(); ++e) {
    double reach =
        boundConstant * unit * std::sqrt(logitError2[e]) + scoreReach(router);
    bool chosen = std::count(routed.ids.begin(), routed.ids.end(), e) > 0;
    logits[e] += chosen ? -reach : reach;
  }
  std::vector<int32_t> before = routed.ids;
  std::vector<int32_t> after = routeLogits(token, logits).ids;
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  return before == after;
}

Tolerance toleranceOf(const Problem &problem, int64_t index,
                      const Routed &routed, const Vector &output) {
  Problem exact = problem;
  exact.rounding = Rounding::exact();
  Token token(exact, index);
  BoundWalk walk(token);
  Tolerance tolerance = {walk.output(routed, output),
                         isDecided(token, walk, routed)};
  double unit = unitOf(static_cast<moelora_dtype>(problem.layer.dtype));
  for (double &b : tolerance.bound)
    b = boundConstant * unit * std::sqrt(b);
  return tolerance;
}

} // namespace moelora::reference
