/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One run of a bound layer.
 *
 * A run allocates nothing, takes no lock, waits for nothing and reads nothing
 * back, so that it may be captured into a graph; only errors allocate, for
 * their texts.
 */
#ifndef MOELORA_RUNTIME_RUN_H
#define MOELORA_RUNTIME_RUN_H

#include "moelora/runtime/Program.h"
#include "moelora/runtime/Step.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_run {
  uint32_t size;
  int32_t entry;  /* moelora_entry_kind */
  uint32_t flags; /* 0 */
  uint32_t reserved;
  int64_t tokens;
  moelora_stream *on;
  /* Entered, or being recorded, and resolved for at least `tokens` tokens of
   * the table that the layer is bound to. NULL: no adapters. */
  moelora_step *step;
  /* Whatever the entry point does not read may be NULL; what it reads is of the
   * type and shape of its operand, row-major. */
  const void *hidden, *router_hidden;
  void *output;
  const float *logits;  /* MOELORA_ROUTER_LOGITS */
  const float *weights; /* MOELORA_EXPERT_WEIGHTS */
  const int32_t *expert_ids, *token_ids;
  const int32_t *valid_tokens; /* on the device; NULL: all tokens are valid */
  /* Elements from row to row of hidden and of output; 0: H. Others only where
   * the operand's first stride is free. */
  int64_t pitch[2];
  void *workspace; /* of moelora_layer_workspace(), aligned to 256 */
  uint64_t workspace_bytes;
  moelora_run_stats *stats; /* added to, on the device; NULL: not counted */
} moelora_run;

/* Checks everything that does not depend on values in memory, then runs, in the
 * order of the stream: INVALID names what does not fit, and nothing has run. */
MOELORA_API moelora_status moelora_layer_run(const moelora_bound_layer *layer,
                                             const moelora_run *run,
                                             moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_RUN_H */
