// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Experts, routed and shared.

#include "Mlp.h"

#include <cmath>

namespace moelora::reference {

Mlp routedMlp(const moelora_layer &layer) {
  return {layer.activation,    MOELORA_GATE_UP_WEIGHT,
          MOELORA_DOWN_WEIGHT, MOELORA_GATE,
          MOELORA_UP,          MOELORA_DOWN};
}

Mlp sharedMlp(const moelora_layer &layer) {
  return {layer.shared_activation,    MOELORA_SHARED_GATE_UP_WEIGHT,
          MOELORA_SHARED_DOWN_WEIGHT, MOELORA_SHARED_GATE,
          MOELORA_SHARED_UP,          MOELORA_SHARED_DOWN};
}

static bool isRouted(const Mlp &mlp) { return mlp.gatePair == MOELORA_GATE; }

Vector gateUpBias(const Token &token, const Mlp &mlp, int64_t expert) {
  if (!isRouted(mlp))
    return {};
  int64_t width = token.weight(mlp.gateUp, expert).rows;
  return token.bias(MOELORA_GATE_UP_BIAS, expert, width);
}

Vector downBias(const Token &token, const Mlp &mlp, int64_t expert) {
  if (!isRouted(mlp))
    return {};
  return token.bias(MOELORA_DOWN_BIAS, expert, token.problem.layer.hidden);
}

Vector gateUp(const Token &token, const Mlp &mlp, int64_t expert) {
  const Rounding &rounding = token.problem.rounding;
  Vector base = expertGemm(token.weight(mlp.gateUp, expert), token.hidden,
                           gateUpBias(token, mlp, expert), rounding);
  const LoraPair *up = token.pair(mlp.upPair, expert);
  if (!mlp.activation.gated)
    return loraDelta(std::move(base), up, token.hidden, rounding);
  const LoraPair *gate = token.pair(mlp.gatePair, expert);
  return loraDelta(std::move(base), gate, up, token.hidden, rounding);
}

Vector mlpRow(const Token &token, const Mlp &mlp, int64_t expert) {
  const Rounding &rounding = token.problem.rounding;
  Vector a = activate(mlp.activation, gateUp(token, mlp, expert), rounding);
  Vector base = expertGemm(token.weight(mlp.down, expert), a,
                           downBias(token, mlp, expert), rounding);
  return loraDelta(std::move(base), token.pair(mlp.downPair, expert), a,
                   rounding);
}

double sharedScore(const Token &token) {
  const Problem &problem = token.problem;
  if (!problem.layer.shared_score)
    return 1;
  Vector base = expertGemm(token.weight(MOELORA_SHARED_SCORE_WEIGHT, 0),
                           token.hidden, {}, problem.rounding);
  Vector logit = loraDelta(std::move(base), token.pair(MOELORA_SHARED_SCORE, 0),
                           token.hidden, problem.rounding);
  return problem.rounding.accumulator(1 / (1 + std::exp(-logit[0])));
}

} // namespace moelora::reference
