// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One token of a problem with its row, its adapter, and the weights as
// matrices. Layer.cpp and BoundWalk.cpp use it.
#ifndef MOELORA_LIB_REFERENCE_TOKEN_H
#define MOELORA_LIB_REFERENCE_TOKEN_H

#include "moelora/reference/Layer.h"

namespace moelora::reference {

/// W x + b + delta: the operands of one linear projection, and its adapter.
struct Linear {
  moelora_role weight;
  moelora_role bias;
  moelora_projection pair;
};

constexpr moelora_role noBias = MOELORA_ROLES;
constexpr Linear routerLinear = {MOELORA_ROUTER_WEIGHT, MOELORA_ROUTER_BIAS,
                                 MOELORA_ROUTER};
constexpr Linear latentIn = {MOELORA_LATENT_IN_WEIGHT, MOELORA_LATENT_IN_BIAS,
                             MOELORA_LATENT_IN};
constexpr Linear latentOut = {MOELORA_LATENT_OUT_WEIGHT,
                              MOELORA_LATENT_OUT_BIAS, MOELORA_LATENT_OUT};
constexpr Linear sharedScoreLinear = {MOELORA_SHARED_SCORE_WEIGHT, noBias,
                                      MOELORA_SHARED_SCORE};

class Token {
public:
  Token(const Problem &problem, int64_t index);

  const Problem &problem;
  const int64_t index;
  Vector hidden;

  /// The row of a [T, width] operand.
  Vector row(moelora_role role, int64_t width) const;
  /// The matrix of one expert. Gate and up are one matrix [slices * I, L].
  MatrixView weight(moelora_role role, int64_t expert = 0) const;
  /// The vector of one expert, such as a bias or the weight of a norm; empty if
  /// the layer has none.
  Vector vector(moelora_role role, int64_t expert = 0) const;
  const LoraPair *pair(moelora_projection projection, int64_t expert = 0) const;
  /// An accumulator.
  Vector apply(const Linear &linear, const Vector &x, int64_t expert = 0) const;
  /// Those of the ranks along tp, which add up to it: each has an equal part of
  /// the columns, and the first one has the bias.
  std::vector<Vector> applyParts(const Linear &linear, const Vector &x,
                                 int64_t expert) const;

private:
  uint32_t operands; // that the layer reads
  const Adapter *adapter = nullptr;
};

/// Experts that have weights.
int32_t weightedExperts(const moelora_layer &layer);

/// Whether an id is that of an expert with weights: neither dropped nor a zero
/// expert.
inline bool isComputed(const moelora_layer &layer, int32_t expert) {
  return expert >= 0 && expert < weightedExperts(layer);
}

/// Whether an id is that of a zero expert that returns its input.
inline bool isIdentity(const moelora_layer &layer, int32_t expert) {
  return layer.zero_kind == MOELORA_ZERO_IDENTITY &&
         expert >= weightedExperts(layer) && expert < layer.router.experts;
}

/// The width of the rows that routed experts read: L, or H without latent.
int64_t expertWidth(const moelora_layer &layer);

/// The rows that the router's linear projection and its delta read. They differ
/// only if there is a norm, which the projection reads unrounded.
struct RouterRows {
  Vector base, delta;
};
RouterRows routerRows(const Token &token);

/// The row that the routed experts read: hidden or latent.
Vector expertInput(const Token &token);

/// The logits of the token: given ones, or those of the router with its delta.
Vector logitsOf(const Token &token);

/// route with the operands of the token's problem.
Routed routeLogits(const Token &token, const Vector &logits);

/// The weights that `router` computes for these ids, even if it would not
/// choose them.
Vector weightsOf(const Token &token, moelora_router router,
                 const Vector &logits, const std::vector<int32_t> &ids);

/// The weighted sum of the routed experts before latent_out.
Vector routedSum(const Token &token, const Routed &routed);

/// The output before its norm, if there is one.
Vector sumRow(const Token &token, const Routed &routed);

} // namespace moelora::reference

#endif // MOELORA_LIB_REFERENCE_TOKEN_H
