/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps: the one way from ids to adapters.
 *
 * A step is one forward pass, or one replay of a graph. It resolves the ids of
 * a batch once for all layers, so that all of them see one version of each
 * adapter, and it is the only reader that a slot table waits for before it
 * gives memory back.
 *
 *     eager     enter  resolve  runs  leave
 *     capture   resolve  runs                 go into the graph
 *     replay    enter  the graph  leave       ids are read from where they lie
 *
 * `enter` and `leave` are calls of the host around the work; `resolve` is part
 * of it. A graph that is launched outside of a step serves base, and counts it.
 *
 * One step serves one stream order at a time; two passes in flight at once need
 * two steps. A graph that was captured with a step must be gone before it.
 */
#ifndef MOELORA_RUNTIME_STEP_H
#define MOELORA_RUNTIME_STEP_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_step moelora_step;

/* For batches of at most so many tokens. The caller destroys *step, which the
 * table outlives. */
MOELORA_API moelora_status moelora_step_create(moelora_slot_table *table,
                                               int64_t max_tokens,
                                               moelora_step **step,
                                               moelora_error **error);

/* Waits until the device is past the last leave of this step, and for nothing
 * else. BUSY: it has entered. NULL is fine. */
MOELORA_API moelora_status moelora_step_destroy(moelora_step *step,
                                                moelora_error **error);

/* What comes on `stream` until `leave` is part of the step. It comes after the
 * step's last leave, and sees all that was published before this call.
 * INVALID: the step has entered, or the stream is being captured. DEVICE_LOST:
 * the device failed behind its last leave. */
MOELORA_API moelora_status moelora_step_enter(moelora_step *step,
                                              moelora_stream *stream,
                                              moelora_error **error);

/* To be called when all of the step's work is on `stream`, or before it in the
 * order of streams. DEVICE_LOST: the step has left, and what it may have read
 * is kept until the table ends. After any other failure it has not left.
 * INVALID: the step has not entered, or the stream is being captured. */
MOELORA_API moelora_status moelora_step_leave(moelora_step *step,
                                              moelora_stream *stream,
                                              moelora_error **error);

/* Looks up ids[tokens], i32 on the device, in the order of `stream`; this may
 * be captured. `valid_tokens`, an i32 on the device or NULL: tokens from there
 * on are base and not counted. INVALID: more tokens than max_tokens.
 * UNSUPPORTED: the device runs no kernels of the host. */
MOELORA_API moelora_status moelora_step_resolve(
    moelora_step *step, moelora_stream *stream, const int32_t *ids,
    int64_t tokens, const int32_t *valid_tokens, moelora_error **error);

/* What generated code reads. It lives as long as the step. NULL for NULL. */
MOELORA_API const moelora_step_view *
moelora_step_view_of(const moelora_step *step);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_STEP_H */
