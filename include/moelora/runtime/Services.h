/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions that generated code may call. They do the work that depends on
 * data, so that it is implemented once. All code that reads weights is
 * generated.
 */
#ifndef MOELORA_RUNTIME_SERVICES_H
#define MOELORA_RUNTIME_SERVICES_H

#include "moelora/runtime/Exchange.h"
#include "moelora/runtime/Kernel.h"
#include "moelora/runtime/Layer.h"
#include "moelora/runtime/Plan.h"
#include "moelora/runtime/RunStats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The largest number of experts for the `route` service, which keeps the scores
 * of one token on the stack. Loading refuses an artifact with more experts. */
#define MOELORA_MAX_ROUTED_EXPERTS 2048

typedef void (*moelora_task)(void *frame, int64_t task, int64_t worker);

/* The inputs of a router. Those that a router does not read are NULL. */
typedef struct moelora_route_inputs {
  int64_t tokens;
  const float *logits;       /* [tokens, E] */
  const float *bias;         /* [E - always], for the choice only */
  const float *expert_scale; /* [E] */
  const int32_t *table;      /* [table_rows, k] */
  const int32_t *token_ids;  /* [tokens] */
} moelora_route_inputs;

/* A bit per service. A variant has the bits of the services that it calls. */
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
  /* Calls task(frame, i, worker) once for each i in [0, tasks). Tasks start in
   * ascending order. Returns when all are done. */
  void (*parallel_for)(void *context, int64_t tasks, moelora_task task,
                       void *frame);
  /* Writes ids and weights [tokens, k]. */
  void (*route)(const moelora_router *router,
                const moelora_route_inputs *inputs, int32_t *ids,
                float *weights, moelora_run_stats *stats);
  /* Sets sums[t] to the sum of the weights of those choices of token t whose id
   * is in [first, end), added in ascending order of the ids. */
  void (*identity_weights)(int64_t tokens, int32_t top_k, int32_t first,
                           int32_t end, const int32_t *ids,
                           const float *weights, float *sums);
  /* expert_ids is [tokens, k], or NULL for a plan of one expert. numbers is
   * [tokens], each a slot or -1, or NULL if all tokens are base. */
  void (*plan)(const moelora_plan_shape *shape, const int32_t *expert_ids,
               const int32_t *numbers, moelora_plan *plan,
               moelora_run_stats *stats);
  /* Enqueues all launches of a layer in stream order with one call. Returns 0
   * on success. */
  int32_t (*launch)(void *context, moelora_stream *stream,
                    const moelora_launch *launches, uint32_t count);
  /* Makes an exchange between the peer ranks of exchange->group. Called by the
   * thread that runs the layer, never by a task. Returns 0 on success. After
   * another result the layer returns MOELORA_RUN_COLLECTIVE. */
  int32_t (*collective)(void *context, moelora_stream *stream,
                        const moelora_exchange *exchange);
} moelora_services;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SERVICES_H */
