// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The definition of each op of the dialect for one row. Rows are independent,
// so an op on a tensor is a loop over its rows.
//
// A row of a routed expert is a pair p = t * k + j: token t, its choice j.
#ifndef MOELORA_REFERENCE_OPS_H
#define MOELORA_REFERENCE_OPS_H

#include "moelora/reference/Views.h"

namespace moelora::reference {

/// weight x
Vector multiply(const MatrixView &weight, const Vector &x);

/// resolve_slots: the slot that an id selects, or -1 for no adapter. An id
/// selects a slot if its index is within the directory, its generation equals
/// that of the word, and an image is published there. `words` is the directory;
/// the last `indexBits` bits of an id are the index.
int32_t resolveSlot(int32_t id, const std::vector<uint64_t> &words,
                    int indexBits);

/// route: the choices of one token, the best first.
struct Routed {
  std::vector<int32_t> ids;
  Vector weights;
};

/// The inputs of a router besides its logits. Those that it does not read are
/// empty.
struct RouterOperands {
  Vector bias;                // for the choice, of those that can be chosen
  Vector expertScale;         // [E]
  std::vector<int32_t> table; // [k]: the token's row of the table
};

/// `logits` [E] are the products with the router's matrix. Of equal scores,
/// that of the lower id is chosen; NaN is below every number. An entry of the
/// table outside of [0, E) is a choice with the id -1 and the weight 0, and
/// does not affect the other choices.
Routed route(const moelora_router &router, const Vector &logits,
             const RouterOperands &operands, const Rounding &rounding);

/// Row `id` of a table [router.table_rows, k]; all -1 if the id is out of
/// range.
std::vector<int32_t> tableRow(const moelora_router &router,
                              const int32_t *table, int32_t id);

/// rms_norm: x / sqrt(mean(x^2) + epsilon) * scale, times the weight if there
/// is one. Not rounded: the rounding depends on the op that reads the result.
Vector rmsNorm(const moelora_norm &norm, const Vector &x, const Vector &weight);

/// identity_weight: the sum of the weights of ids in [first, end), in ascending
/// order of the ids.
double identityWeight(const Routed &routed, int32_t first, int32_t end,
                      const Rounding &rounding);

/// expert_gemm: weight x (+ bias), an accumulator. An empty bias is no bias.
Vector expertGemm(const MatrixView &weight, const Vector &x, const Vector &bias,
                  const Rounding &rounding);

/// lora_delta: accumulator + b (scale * (a x)). A null pair has no delta and
/// returns the accumulator bit for bit.
Vector loraDelta(Vector accumulator, const LoraPair *pair, const Vector &x,
                 const Rounding &rounding);

/// The same on [gate; up] accumulators, where each half has a pair of its own.
Vector loraDelta(Vector accumulator, const LoraPair *gate, const LoraPair *up,
                 const Vector &x, const Rounding &rounding);

/// f(g) and its factor, with the clamps and caps of `activation`, without
/// rounding.
double activateGate(const moelora_activation &activation, double gate);
double activateUp(const moelora_activation &activation, double up);

/// activation: accumulator [gate; up] (or [up] when not gated) to [I].
Vector activate(const moelora_activation &activation, const Vector &accumulator,
                const Rounding &rounding);

/// scale * sigmoid(score), or the scale if `score` is null.
double sharedFactor(double scale, const double *score,
                    const Rounding &rounding);

/// The terms of combine. Empty rows are those of dropped pairs and contribute
/// nothing. `identity` and `shared` are empty if absent.
struct Terms {
  std::vector<Vector> rows; // by choice
  Vector identity;          // already times its weight
  double routedScale = 1;
  Vector shared; // already times its scale and score
};

/// combine: routedScale * (sum_j weight[j] * rows[j] + identity) + shared. Rows
/// are added in ascending order of their ids, so that the order of the choices
/// does not affect the result.
Vector combine(const Terms &terms, const Routed &routed, int64_t width,
               const Rounding &rounding);

/// reduce: the sum of the rows that ranks have, an accumulator.
Vector reduce(const std::vector<Vector> &partial, const Rounding &rounding);

/// finish: sum + scale * identity, in the layer's type. `identity` is empty if
/// absent.
Vector finish(Vector sum, const Vector &identity, double scale,
              const Rounding &rounding);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_OPS_H
