// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The services that depend on data, one per file; Services.h in include/
// describes them. They do not allocate, lock or throw. An id from outside is
// compared once, unsigned, with its bound before it is used as an index.
#ifndef MOELORA_EXECUTE_SERVICES_H
#define MOELORA_EXECUTE_SERVICES_H

#include "moelora/runtime/Abi.h"

namespace moelora {

/// The bounds check. Also false for negative ids.
inline bool inRange(int32_t id, int32_t bound) {
  return uint32_t(id) < uint32_t(bound);
}

/// Adds to a counter that other runs may change at the same time. Most runs
/// have nothing to add, and then do not write the shared counter.
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
