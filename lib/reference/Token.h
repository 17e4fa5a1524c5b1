// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One token of a problem with what belongs to it: its row, its adapter, and
// the weights as matrices. What Layer.cpp and Bound.cpp both walk over.
#ifndef MOELORA_LIB_REFERENCE_TOKEN_H
#define MOELORA_LIB_REFERENCE_TOKEN_H

#include "moelora/reference/Layer.h"

namespace moelora::reference {

class Token {
public:
  Token(const Problem &problem, int64_t index);

  const Problem &problem;
  const int64_t index;
  Vector hidden;

  /// What the router reads: a tensor of its own where there is one.
  Vector routerHidden() const;
  /// The row of a [T, width] operand.
  Vector row(moelora_role role, int64_t width) const;
  /// The matrix of one expert; gate and up are one of [slices * I, H].
  MatrixView weight(moelora_role role, int64_t expert) const;
  /// Row `expert` of a bias operand; empty where there is none.
  Vector bias(moelora_role role, int64_t expert, int64_t width) const;
  const LoraPair *pair(moelora_projection projection, int64_t expert) const;

private:
  const Adapter *adapter = nullptr;
};

/// Expert ids outside [0, E) are dropped pairs.
bool isDropped(const moelora_layer &layer, int32_t expert);

/// The logits of the token: given, or the router's with its delta.
Vector logitsOf(const Token &token);

/// route with the operands of the token's problem.
Routed routeLogits(const Token &token, const Vector &logits);

} // namespace moelora::reference

#endif // MOELORA_LIB_REFERENCE_TOKEN_H
