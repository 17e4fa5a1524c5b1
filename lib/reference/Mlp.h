// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The MLP of routed and shared experts: down(act(gate_up x + delta)) + delta.
#ifndef MOELORA_LIB_REFERENCE_MLP_H
#define MOELORA_LIB_REFERENCE_MLP_H

#include "Token.h"

namespace moelora::reference {

/// Names the weights and pairs of one kind of expert.
struct Mlp {
  const moelora_activation &activation;
  moelora_role gateUp;
  moelora_role gateUpBias;
  moelora_projection gatePair;
  moelora_projection upPair;
  Linear down;
};

Mlp routedMlp(const moelora_layer &layer);
Mlp sharedMlp(const moelora_layer &layer);

/// The input of an expert, and the weight on it; 1: none.
struct MlpInput {
  const Vector &row;
  double weight = 1;
};

/// The input of the activation: [gate; up], an accumulator.
Vector gateUp(const Token &token, const Mlp &mlp, int64_t expert,
              const MlpInput &input);
/// The expert's row, as accumulators of the ranks along tp, which add up to it.
std::vector<Vector> mlpRows(const Token &token, const Mlp &mlp, int64_t expert,
                            const MlpInput &input);

/// The shared expert's factor: shared_scale, times sigmoid(x . v + delta) if it
/// has a score.
double sharedFactor(const Token &token);

} // namespace moelora::reference

#endif // MOELORA_LIB_REFERENCE_MLP_H
