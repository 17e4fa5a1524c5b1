/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps, which resolve the ids of a batch to adapters.
 *
 * A step is one forward pass, or one replay of a graph. It resolves the ids of
 * a batch once for all layers, so that all layers use the same version of each
 * adapter. Before a slot table frees memory, it waits for steps only.
 *
 *     eager     enter  resolve  runs  leave
 *     capture   resolve  runs               become part of the graph
 *     replay    enter  the graph  leave     reads ids from the captured address
 *
 * `enter` and `leave` are calls of the host around the work; `resolve` is part
 * of it. If a graph is launched outside of a step, all of its tokens are base,
 * and a counter is increased.
 *
 * A step can be used for one forward pass at a time: two concurrent passes need
 * two steps. A graph that was captured with a step must be destroyed before the
 * step.
 */
#ifndef MOELORA_RUNTIME_STEP_H
#define MOELORA_RUNTIME_STEP_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_step moelora_step;

struct moelora_program; /* Program.h */

/* Creates a step for batches of at most this number of tokens. The caller
 * destroys it before the table and the program. `program` is any program on the
 * table's device. If it has the entry point MOELORA_ENTRY_RESOLVE, the step
 * resolves ids with it; one step serves the layers of all programs. On a device
 * that runs kernels of the host, such as the cpu, `program` may be NULL. On
 * other devices, such a step can enter and leave, but cannot resolve.
 * UNSUPPORTED: the device requires the entry point, and the program does not
 * have it. */
MOELORA_API moelora_status moelora_step_create(moelora_slot_table *table,
                                               struct moelora_program *program,
                                               int64_t max_tokens,
                                               moelora_step **step,
                                               moelora_error **error);

/* Waits until the device is past the last leave of this step, and destroys it.
 * BUSY: the step has entered. NULL has no effect. */
MOELORA_API moelora_status moelora_step_destroy(moelora_step *step,
                                                moelora_error **error);

/* Begins the step. The work on `stream` until `leave` is part of it. This work
 * is ordered after the step's last leave, and reads everything that was
 * published before this call. INVALID: the step has entered already, or the
 * stream is being captured. DEVICE_LOST: the device failed after the last
 * leave. */
MOELORA_API moelora_status moelora_step_enter(moelora_step *step,
                                              moelora_stream *stream,
                                              moelora_error **error);

/* Ends the step. All of its work must be on `stream`, or ordered before it on
 * other streams. DEVICE_LOST: the step has left, and the memory that it may
 * have read is kept until the table is destroyed. After any other error it has
 * not left. INVALID: the step has not entered, or the stream is being
 * captured. */
MOELORA_API moelora_status moelora_step_leave(moelora_step *step,
                                              moelora_stream *stream,
                                              moelora_error **error);

/* Resolves ids[tokens], i32 on the device, in the order of `stream`. The call
 * may be captured. `valid_tokens` is an i32 on the device, or NULL. Tokens with
 * this number or a higher one are base and are not counted. INVALID: more
 * tokens than max_tokens. UNSUPPORTED: the device does not run kernels of the
 * host, and the step was created without a program. */
MOELORA_API moelora_status moelora_step_resolve(
    moelora_step *step, moelora_stream *stream, const int32_t *ids,
    int64_t tokens, const int32_t *valid_tokens, moelora_error **error);

/* The struct that generated code reads. It is valid as long as the step. NULL
 * for NULL. */
MOELORA_API const moelora_step_view *
moelora_step_view_of(const moelora_step *step);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_STEP_H */
