// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of each op of the dialect, for one row. Rows are independent, so
// the meaning of a whole tensor is a loop over these.
//
// A row of a routed expert is a pair p = t * k + j: token t, its choice j.
#ifndef MOELORA_REFERENCE_OPS_H
#define MOELORA_REFERENCE_OPS_H

#include "moelora/reference/Views.h"

namespace moelora::reference {

/// weight x
Vector multiply(const MatrixView &weight, const Vector &x);

/// resolve_slots: the dense slot that an id names, or -1: no adapter. An id
/// resolves when its index is within the directory, its generation is the
/// entry's, and something is published there. `entries` is the directory.
int32_t resolveSlot(int32_t id, const std::vector<uint64_t> &entries);

/// route: the choices of one token, the best first.
struct Routed {
  std::vector<int32_t> ids;
  Vector weights;
};

/// logits [E] as the router's matrix gave them. `bias` [E] is the selection
/// bias, empty where the router has none. `table` [k] are the ids of a router
/// by table. Equal choices go to the lower id; NaN is below every number.
Routed route(const moelora_router &router, const Vector &logits,
             const Vector &bias, const std::vector<int32_t> &table,
             const Rounding &rounding);

/// expert_gemm: weight x (+ bias), an accumulator. An empty bias is none.
Vector expertGemm(const MatrixView &weight, const Vector &x, const Vector &bias,
                  const Rounding &rounding);

/// lora_delta: accumulator + b (scale * (a x)). A null pair is no delta, and
/// gives the accumulator back bit for bit.
Vector loraDelta(Vector accumulator, const LoraPair *pair, const Vector &x,
                 const Rounding &rounding);

/// The same on [gate; up] accumulators, where each half has a pair of its own.
Vector loraDelta(Vector accumulator, const LoraPair *gate, const LoraPair *up,
                 const Vector &x, const Rounding &rounding);

/// f(g), with the clamps of `activation`; no rounding.
double activateGate(const moelora_activation &activation, double gate);

/// activation: accumulator [gate; up] (or [up] when not gated) to [I].
Vector activate(const moelora_activation &activation, const Vector &accumulator,
                const Rounding &rounding);

/// combine: scale * sum_j weight[j] * rows[j] (+ shared). Rows that are empty
/// belong to dropped pairs and contribute nothing. Rows are added in ascending
/// order of their ids, so that the order of the choices means nothing.
Vector combine(const std::vector<Vector> &rows, const Routed &routed,
               double scale, const Vector &shared, int64_t width,
               const Rounding &rounding);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_OPS_H
