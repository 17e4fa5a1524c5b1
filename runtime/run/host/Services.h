// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bookkeeping services, one per file; Abi.h says what each of them does.
// None allocates, locks or throws, and no id from outside is used as an index
// before one unsigned compare against its bound.
#ifndef MOELORA_EXECUTE_SERVICES_H
#define MOELORA_EXECUTE_SERVICES_H

#include "moelora/runtime/Abi.h"

namespace moelora {

/// The one bounds check: false for negative ids too.
inline bool inRange(int32_t id, int32_t bound) {
  return uint32_t(id) < uint32_t(bound);
}

/// Adds to what other runs may be adding to. Most runs have nothing to add,
/// and then write nothing that others write too.
inline void addTo(uint64_t &counter, uint64_t count) {
  if (count)
    __atomic_fetch_add(&counter, count, __ATOMIC_RELAXED);
}

void route(const moelora_router *router, const moelora_route_inputs *inputs,
           int32_t *ids, float *weights, moelora_run_stats *stats);

void identityWeights(int64_t tokens, int32_t topK, int32_t first, int32_t end,
                     const int32_t *ids, const float *weights, float *sums);

void makePlan(const moelora_plan_shape *shape, const int32_t *expertIds,
              const int32_t *numbers, moelora_plan *plan,
              moelora_run_stats *stats);

} // namespace moelora

#endif // MOELORA_EXECUTE_SERVICES_H
