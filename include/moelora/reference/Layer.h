// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole Mixture-of-Experts layer with adapters: the ops of Ops.h in order.
//
//   logits = router n + delta                  n: x, its own tensor, or a norm
//                                              route -> ids, weights w
//   z      = x, or latent_in x + delta         layer's type
//   h_j    = gate_up[id_j] z + delta           f32; times w_j where weights are
//                                              on the input
//   a_j    = act(h_j)                          layer's type
//   y_j    = down[id_j] a_j + delta            f32; z for identity experts
//   s      = routed_scale * sum_j w_j y_j      or without w_j, see h_j
//   r      = s, or latent_out s + delta        s rounded to the layer's type
//   out    = r + shared_scale * shared x       layer's type; then its norm,
//                                              likewise
//
// Only the requested tokens are computed, so a few rows of a large layer take
// little time. Tokens are independent: a NaN in one token does not affect
// others.
#ifndef MOELORA_REFERENCE_LAYER_H
#define MOELORA_REFERENCE_LAYER_H

#include "moelora/reference/Ops.h"

#include <string>

namespace moelora::reference {

/// An operand in memory. If the data is null, the operand is absent. The layer
/// and the role determine the shape.
struct OperandView {
  moelora_dtype type = MOELORA_F32;
  const void *data = nullptr;
};

enum class Entry { Everything, FromLogits, FromIds };

/// The ranks of a group over which a layer is cut. Each adds up the pairs of
/// the experts that it has, over its part of the intermediate sizes. The sums
/// of ranks are added in f32. The u of a down projection is thus rounded once
/// on each rank along tp. Without rounding, the result is that of one rank.
struct Ranks {
  int32_t ep = 1, tp = 1;
  /// The ep coordinate of the rank that has each expert, [copies, experts with
  /// weights]; not read if ep is 1. The pairs of an expert that no rank has
  /// (-1) are dropped. The number of a token, modulo copies, chooses one copy.
  std::vector<int32_t> experts;

  int32_t count() const { return ep * tp; }
};

/// The inputs of a layer. Everything is borrowed.
struct Problem {
  moelora_layer layer = {};
  int64_t tokens = 0;
  Entry entry = Entry::Everything;
  /// By moelora_role; roles with integers are the members below.
  std::array<OperandView, MOELORA_ROLES> operand = {};
  const int32_t *slots = nullptr;      // [T] index into adapters; null: all -1
  const int32_t *expertIds = nullptr;  // [T, k], for Entry::FromIds
  const int32_t *tokenIds = nullptr;   // [T], for a router by table
  const int32_t *tokenTable = nullptr; // [table_rows, k], likewise
  std::vector<const Adapter *> adapters; // null: that slot is disabled
  Rounding rounding = Rounding::exact();
  Ranks ranks;
};

struct Output {
  int64_t width = 0;
  Vector rows;                  // [requested tokens, H]
  Vector bounds;                // the same shape; see Bound.h
  std::vector<Routed> routed;   // per requested token
  std::vector<uint8_t> decided; // likewise, with bounds; see Bound.h
};

/// The operands that a layer reads, a bit per moelora_role, without slots.
uint32_t operandsOf(const moelora_layer &layer, Entry entry);

/// The rule that the problem breaks; empty if `evaluate` can run.
std::string problemError(const Problem &problem);

/// The logits of one token: the given ones, or those of the router with its
/// delta. Has the same requirements as `evaluate`, and requires an entry with
/// logits.
Vector logitsOfToken(const Problem &problem, int64_t token);

/// The choices of one token. Does not read adapters of the experts. Has the
/// same requirements as `evaluate`.
Routed routeToken(const Problem &problem, int64_t token);

/// Requires an empty problemError and tokens within [0, problem.tokens).
/// `bounds` and `decided` are filled when `withBounds`. Splits the tokens over
/// `threads`.
Output evaluate(const Problem &problem, const std::vector<int64_t> &tokens,
                bool withBounds = false, int threads = 1);

/// Evaluates every token.
Output evaluate(const Problem &problem, bool withBounds = false,
                int threads = 1);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_LAYER_H
