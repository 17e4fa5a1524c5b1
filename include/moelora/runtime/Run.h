/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One run of a bound layer.
 *
 * A run does not allocate, lock, wait, or read results back to the host, so it
 * can be captured into a graph. Only an error allocates memory, for its text.
 * A layer that is bound to a group also waits, for its peer ranks.
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
  /* A step of the table to which the layer is bound. It has entered or is being
   * recorded, and has resolved at least `tokens` tokens. If the layer gathers
   * the tokens of peer ranks, it has joined their group over the same axes
   * (GroupStep.h), or all of them pass NULL. NULL: no adapters. */
  moelora_step *step;
  /* All addresses are of memory of the program's device. Operands that the
   * entry point does not read may be NULL. The others have the type and the
   * shape of their operand, and are row-major. */
  const void *hidden, *router_hidden;
  void *output;
  const float *logits;  /* MOELORA_ROUTER_LOGITS */
  const float *weights; /* MOELORA_EXPERT_WEIGHTS */
  const int32_t *expert_ids, *token_ids;
  const int32_t *valid_tokens; /* on the device; NULL: all tokens are valid.
                                  UNSUPPORTED if the layer gathers tokens */
  /* The number of elements from one row of hidden and of output to the next. 0
   * means H. Another number is valid only if the operand's first stride is
   * free. */
  int64_t pitch[2];
  void *workspace; /* of moelora_layer_workspace(), aligned to 256 */
  uint64_t workspace_bytes;
  moelora_run_stats *stats; /* counters on the device; NULL: not counted */
} moelora_run;

/* Checks everything that does not depend on values in memory, and then runs the
 * layer in the order of the stream. INVALID: the error names what is wrong, and
 * the layer has not run. After another status, such as PEER_LOST, the output is
 * undefined. */
MOELORA_API moelora_status moelora_layer_run(const moelora_bound_layer *layer,
                                             const moelora_run *run,
                                             moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_RUN_H */
