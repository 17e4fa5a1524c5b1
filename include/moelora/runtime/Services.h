/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What generated code may call. Bookkeeping that depends on data lives behind
 * it, so that it exists once; everything that touches weights is generated.
 */
#ifndef MOELORA_RUNTIME_SERVICES_H
#define MOELORA_RUNTIME_SERVICES_H

#include "moelora/runtime/Kernel.h"
#include "moelora/runtime/Layer.h"
#include "moelora/runtime/Plan.h"
#include "moelora/runtime/RunStats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most experts that the `route` service takes: it keeps one token's scores
 * on the stack. Loading refuses an artifact above it. */
#define MOELORA_MAX_ROUTED_EXPERTS 2048

typedef void (*moelora_task)(void *frame, int64_t task, int64_t worker);

/* What a router reads. Whatever the router does not ask for is NULL. */
typedef struct moelora_route_inputs {
  int64_t tokens;
  const float *logits;       /* [tokens, E] */
  const float *bias;         /* [E - always], for the choice only */
  const float *expert_scale; /* [E] */
  const int32_t *table;      /* [table_rows, k] */
  const int32_t *token_ids;  /* [tokens] */
} moelora_route_inputs;

/* An exchange between the peer ranks of a group. No layer asks for one yet. */
typedef struct moelora_exchange {
  int32_t kind, dtype;
  void *in, *out;
  uint64_t count, capacity;
} moelora_exchange;

/* A bit per service, for variants that say which ones they call. */
typedef enum moelora_service {
  MOELORA_SERVICE_PARALLEL_FOR = 1,
  MOELORA_SERVICE_ROUTE = 2,
  MOELORA_SERVICE_IDENTITY_WEIGHTS = 4,
  MOELORA_SERVICE_PLAN = 8,
  MOELORA_SERVICE_LAUNCH = 16,
  MOELORA_SERVICE_COLLECTIVE = 32,
} moelora_service;

typedef struct moelora_services {
  uint32_t size, abi;
  void *context;             /* passed back to the functions that take one */
  int32_t workers, reserved; /* worker numbers are in [0, workers) */
  /* Calls task(frame, i, worker) once for each i in [0, tasks), in ascending
   * order of start; returns when all are done. */
  void (*parallel_for)(void *context, int64_t tasks, moelora_task task,
                       void *frame);
  /* -> ids, weights [tokens, k]. */
  void (*route)(const moelora_router *router,
                const moelora_route_inputs *inputs, int32_t *ids,
                float *weights, moelora_run_stats *stats);
  /* sums[t]: the weights of those choices of token t whose id is in
   * [first, end), added in ascending order of their ids. */
  void (*identity_weights)(int64_t tokens, int32_t top_k, int32_t first,
                           int32_t end, const int32_t *ids,
                           const float *weights, float *sums);
  /* expert_ids [tokens, k], or NULL for a plan of one expert; numbers [tokens],
   * a slot or -1, or NULL: all are base. */
  void (*plan)(const moelora_plan_shape *shape, const int32_t *expert_ids,
               const int32_t *numbers, moelora_plan *plan,
               moelora_run_stats *stats);
  /* All launches of a layer with one call, in stream order; 0: done. */
  int32_t (*launch)(void *context, moelora_stream *stream,
                    const moelora_launch *launches, uint32_t count);
  int32_t (*collective)(void *context, moelora_stream *stream,
                        const moelora_exchange *exchange);
} moelora_services;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SERVICES_H */
