/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counters of invalid ids in runs.
 */
#ifndef MOELORA_RUNTIME_RUNSTATS_H
#define MOELORA_RUNTIME_RUNSTATS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counters, increased with relaxed 64-bit atomic additions and never reset.
 * Fixed. */
typedef struct moelora_run_stats {
  uint64_t masked_slots;  /* ids that did not resolve and became base; -1 is not
                             counted */
  uint64_t stale_slots;   /* of these: the generation is not the slot's */
  uint64_t outside_steps; /* tokens that were resolved outside of a step, and
                             served as base */
  uint64_t dropped_pairs; /* expert ids below -1 or beyond the experts; choices
                             of token ids beyond the table */
} moelora_run_stats;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_RUNSTATS_H */
