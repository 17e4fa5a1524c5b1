// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Experts, routed and shared.

#include "Mlp.h"

namespace moelora::reference {

Mlp routedMlp(const moelora_layer &layer) {
  return {layer.activation,
          MOELORA_GATE_UP_WEIGHT,
          MOELORA_GATE_UP_BIAS,
          MOELORA_GATE,
          MOELORA_UP,
          {MOELORA_DOWN_WEIGHT, MOELORA_DOWN_BIAS, MOELORA_DOWN}};
}

Mlp sharedMlp(const moelora_layer &layer) {
  return {layer.shared_activation,
          MOELORA_SHARED_GATE_UP_WEIGHT,
          MOELORA_SHARED_GATE_UP_BIAS,
          MOELORA_SHARED_GATE,
          MOELORA_SHARED_UP,
          {MOELORA_SHARED_DOWN_WEIGHT, MOELORA_SHARED_DOWN_BIAS,
           MOELORA_SHARED_DOWN}};
}

static Vector adaptedGateUp(const Token &token, const Mlp &mlp, int64_t expert,
                            const Vector &x) {
  const Rounding &rounding = token.problem.rounding;
  Vector base = expertGemm(token.weight(mlp.gateUp, expert), x,
                           token.vector(mlp.gateUpBias, expert), rounding);
  const LoraPair *up = token.pair(mlp.upPair, expert);
  if (!mlp.activation.gated)
    return loraDelta(std::move(base), up, x, rounding);
  const LoraPair *gate = token.pair(mlp.gatePair, expert);
  return loraDelta(std::move(base), gate, up, x, rounding);
}

/// W (w x) is w (W x), and delta likewise: so nothing is rounded in between.
Vector gateUp(const Token &token, const Mlp &mlp, int64_t expert,
              const MlpInput &input) {
  Vector accumulator = adaptedGateUp(token, mlp, expert, input.row);
  for (double &v : accumulator)
    v = token.problem.rounding.accumulator(input.weight * v);
  return accumulator;
}

std::vector<Vector> mlpRows(const Token &token, const Mlp &mlp, int64_t expert,
                            const MlpInput &input) {
  Vector a = activate(mlp.activation, gateUp(token, mlp, expert, input),
                      token.problem.rounding);
  return token.applyParts(mlp.down, a, expert);
}

double sharedFactor(const Token &token) {
  const moelora_layer &layer = token.problem.layer;
  const Rounding &rounding = token.problem.rounding;
  if (!layer.shared_score)
    return sharedFactor(layer.shared_scale, nullptr, rounding);
  Vector score = token.apply(sharedScoreLinear, token.hidden);
  return sharedFactor(layer.shared_scale, score.data(), rounding);
}

} // namespace moelora::reference
