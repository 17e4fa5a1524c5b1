/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The smallest compiled layer: copies its input through parallel_for, and
 * counts slots through resolve_slots. Definitions on the command line break
 * one rule each. */
#include "moelora/runtime/Abi.h"

#include <string.h>

#ifndef LAYER_ABI
#define LAYER_ABI MOELORA_ABI_VERSION
#endif
#ifndef LAYER_MAGIC
#define LAYER_MAGIC MOELORA_ABI_MAGIC
#endif
#ifndef LAYER_SIZE
#define LAYER_SIZE sizeof(moelora_artifact)
#endif
#ifndef LAYER_QUERY
#define LAYER_QUERY moelora_query
#endif
#ifndef LAYER_ANSWERS
#define LAYER_ANSWERS 1
#endif
#ifndef LAYER_FEATURES
#define LAYER_FEATURES ""
#endif
#ifndef LAYER_EXPERTS
#define LAYER_EXPERTS 4
#endif
#ifndef LAYER_STATUS
#define LAYER_STATUS MOELORA_RUN_OK
#endif

enum { Hidden = 8, Slots = 2 };

static uint64_t workspace_bytes(int64_t tokens, int32_t workers) {
  (void)workers;
  return (uint64_t)tokens * sizeof(int32_t) +
         Slots * sizeof(const moelora_adapter_layer *);
}

static void copy_row(void *frame, int64_t row, int64_t worker) {
  const moelora_run_args *args = frame;
  const float *from = args->operand[MOELORA_HIDDEN];
  float *to = args->output;
  (void)worker;
  memcpy(to + row * Hidden, from + row * Hidden, Hidden * sizeof(float));
}

static int32_t run(const moelora_run_args *args) {
  const moelora_services *services = args->services;
  const moelora_adapter_layer **snapshot = args->workspace;
  int32_t *dense = (int32_t *)(snapshot + Slots);
  moelora_run_args frame = *args;
  services->resolve_slots(args->directory, args->operand[MOELORA_SLOTS],
                          args->tokens, Slots, dense, snapshot, args->stats);
  services->parallel_for(services->context, args->tokens, copy_row, &frame);
  return LAYER_STATUS;
}

static const moelora_artifact artifact = {
    .magic = LAYER_MAGIC,
    .abi_version = LAYER_ABI,
    .struct_size = LAYER_SIZE,
    .first_layer = 0,
    .producer = "by hand",
    .name = "copy",
    .target = "cpu",
    .cpu = "generic",
    .cpu_features = LAYER_FEATURES,
    .layer = {.dtype = MOELORA_F32,
              .router_dtype = MOELORA_F32,
              .hidden = Hidden,
              .intermediate = 4,
              .routed_scale = 1,
              .shared_scale = 1,
              .router = {.experts = LAYER_EXPERTS,
                         .top_k = 2,
                         .logit_scale = 1,
                         .score = MOELORA_SCORE_SOFTMAX,
                         .groups = 1,
                         .top_groups = 1,
                         .scale = 1},
              .activation = {.function = MOELORA_SILU, .gated = 1, .alpha = 1}},
    .operands = 1u << MOELORA_HIDDEN | 1u << MOELORA_SLOTS |
                1u << MOELORA_ROUTER_WEIGHT,
    .slots = Slots,
    .max_rank = 16,
    .adapter_dtype = MOELORA_F32,
    .page_order = MOELORA_PAGE_ROW_MAJOR,
    .workspace_bytes = workspace_bytes,
    .run = run,
    .run_from_logits = run,
    .run_from_ids = run,
};

const moelora_artifact *LAYER_QUERY(uint32_t abi_version) {
  (void)abi_version;
  return LAYER_ANSWERS ? &artifact : 0;
}
