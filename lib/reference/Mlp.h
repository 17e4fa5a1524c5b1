// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one form that routed and shared experts have in common:
// down(act(gate_up x + delta)) + delta.
#ifndef MOELORA_LIB_REFERENCE_MLP_H
#define MOELORA_LIB_REFERENCE_MLP_H

#include "Token.h"

namespace moelora::reference {

/// Names the weights and pairs of one kind of expert.
struct Mlp {
  const moelora_activation &activation;
  moelora_role gateUp;
  moelora_role down;
  moelora_projection gatePair;
  moelora_projection upPair;
  moelora_projection downPair;
};

Mlp routedMlp(const moelora_layer &layer);
Mlp sharedMlp(const moelora_layer &layer);

/// Biases, which only routed experts have; empty where there is none.
Vector gateUpBias(const Token &token, const Mlp &mlp, int64_t expert);
Vector downBias(const Token &token, const Mlp &mlp, int64_t expert);

/// What goes into the activation: [gate; up].
Vector gateUp(const Token &token, const Mlp &mlp, int64_t expert);
/// The expert's row, an accumulator.
Vector mlpRow(const Token &token, const Mlp &mlp, int64_t expert);

/// The shared expert's factor: sigmoid(x . v + delta), or 1.
double sharedScore(const Token &token);

} // namespace moelora::reference

#endif // MOELORA_LIB_REFERENCE_MLP_H
