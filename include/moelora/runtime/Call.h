/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of layers by a host program that was compiled with MLIR.
 *
 * `moelora.call` becomes a call of moelora_call: the host passes its tensors,
 * weights included, and a context with everything else that a run needs.
 * docs/calling.md has an example.
 */
#ifndef MOELORA_RUNTIME_CALL_H
#define MOELORA_RUNTIME_CALL_H

#include "moelora/runtime/Run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The value of type !moelora.context. The caller of the host program fills it
 * and owns everything to which it points; all of it must outlive the calls. One
 * call uses a context at a time. */
typedef struct moelora_call_context {
  uint32_t size;
  uint32_t layers;
  /* [layers], by the number of the call. Each is bound with
   * MOELORA_BIND_CALLED. Its slot table and group are those of the calls. */
  const moelora_bound_layer *const *layer;
  /* What all calls share: stream, step, valid_tokens, workspace, stats. The
   * workspace is large enough for each layer and number of tokens. All other
   * fields are 0. */
  const moelora_run *run;
  /* The status of the first call that failed since the owner set it to
   * MOELORA_OK; later calls do nothing. The owner reads it after the host
   * program, whose results are undefined unless it is MOELORA_OK. */
  int32_t status; /* moelora_status */
  uint32_t reserved;
  moelora_error *error; /* its text, which the owner frees, or NULL */
} moelora_call_context;

/* Runs the layer `number` of the context, which must have this name, in the
 * order of the stream of context->run. `operand` has one element for each
 * operand of the layer, and one for its output; all are borrowed for the run.
 * The number of tokens is the first size of MOELORA_HIDDEN. Types, shapes,
 * strides and addresses are compared with what the layer reads.
 *
 * Does not allocate, lock or wait, except for the text of an error. Returns the
 * status of the context. INVALID: a context, layer or operand is missing or
 * does not match; the layer has not run. The other statuses are those of
 * moelora_layer_run. */
MOELORA_API moelora_status moelora_call(moelora_call_context *context,
                                        int64_t number, const char *name,
                                        uint32_t operands,
                                        const moelora_memory *operand);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_CALL_H */
