/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The smallest compiled layer: copies its input through parallel_for, and adds
 * to each element its token's slot, -1 without one. Definitions on the command
 * line break one rule each. */
#include "HandLayer.h"

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
#ifndef LAYER_NUMBER
#define LAYER_NUMBER 0
#endif
#ifndef LAYER_COUNT
#define LAYER_COUNT 1
#endif
#ifndef LAYER_STATUS
#define LAYER_STATUS MOELORA_RUN_OK
#endif

enum { Width = 8, Experts = LAYER_EXPERTS, Choices = 2, Slots = 2 };

/* Rows of operands. */
enum { Hidden, Output, Logits, Ids, Weights, Router };

static uint64_t workspace(int32_t entry, int64_t tokens, int32_t workers) {
  (void)entry, (void)workers;
  return (uint64_t)tokens * sizeof(int32_t);
}

static void copy_row(void *frame, int64_t row, int64_t worker) {
  const moelora_run_args *args = frame;
  const float *from = args->operand[Hidden];
  float *to = args->operand[Output];
  int32_t slot = args->step ? args->step->number[row] : -1;
  (void)worker;
  for (int64_t i = row * Width; i < (row + 1) * Width; ++i)
    to[i] = from[i] + (float)slot;
}

static int32_t run(const moelora_run_args *args) {
  const moelora_services *services = args->services;
  moelora_run_args frame = *args;
  services->parallel_for(services->context, args->tokens, copy_row, &frame);
  return LAYER_STATUS;
}

static const moelora_operand operands[] = {
    MATRIX(MOELORA_HIDDEN, MOELORA_F32, FROM_ANY, -1, Width, Width),
    MATRIX(MOELORA_OUTPUT, MOELORA_F32, FROM_ANY, -1, Width, Width),
    MATRIX(MOELORA_ROUTER_LOGITS, MOELORA_F32, FROM_LOGITS, -1, Experts,
           Experts),
    MATRIX(MOELORA_EXPERT_IDS, MOELORA_I32, FROM_IDS, -1, Choices, Choices),
    MATRIX(MOELORA_EXPERT_WEIGHTS, MOELORA_F32, FROM_IDS, -1, Choices, Choices),
    MATRIX(MOELORA_ROUTER_WEIGHT, MOELORA_F32, FROM_ALL, Experts, Width, Width),
};

static const moelora_entry entries[] = {{MOELORA_ENTRY_ALL, 0, run},
                                        {MOELORA_ENTRY_LOGITS, 0, run},
                                        {MOELORA_ENTRY_IDS, 0, run}};

static const moelora_layer layer = {
    .dtype = MOELORA_F32,
    .router_dtype = MOELORA_F32,
    .hidden = Width,
    .intermediate = 4,
    .routed_scale = 1,
    .shared_scale = 1,
    .router = {.experts = Experts,
               .top_k = Choices,
               .logit_scale = 1,
               .score = MOELORA_SCORE_SOFTMAX,
               .groups = 1,
               .top_groups = 1,
               .scale = 1},
    .activation = {.function = MOELORA_SILU, .gated = 1, .alpha = 1}};

static const moelora_variant variant = {
    .size = sizeof(moelora_variant),
    .workspace_align = 64,
    .target = "cpu",
    .tuning = "generic",
    .needs = LAYER_FEATURES,
    .services = MOELORA_SERVICE_PARALLEL_FOR,
    .roles = 1u << MOELORA_HIDDEN | 1u << MOELORA_OUTPUT |
             1u << MOELORA_ROUTER_LOGITS | 1u << MOELORA_EXPERT_IDS |
             1u << MOELORA_EXPERT_WEIGHTS | 1u << MOELORA_ROUTER_WEIGHT,
    .adapters = {.size = sizeof(moelora_facts),
                 .dtype = MOELORA_F32,
                 .page_order = MOELORA_PAGE_ROW_MAJOR,
                 .slots = Slots,
                 .max_rank = 16,
                 .experts = 4,
                 .logits = 4,
                 .hidden = Width,
                 .width = Width,
                 .intermediate = 4,
                 .projections = 1u << MOELORA_GATE | 1u << MOELORA_UP |
                                1u << MOELORA_DOWN | 1u << MOELORA_ROUTER},
    .operands = sizeof operands / sizeof *operands,
    .entries = sizeof entries / sizeof *entries,
    .operand = operands,
    .entry = entries,
    .workspace = workspace,
};

static const moelora_artifact artifact = {
    .magic = LAYER_MAGIC,
    .abi = LAYER_ABI,
    .minor = MOELORA_ABI_MINOR,
    .size = LAYER_SIZE,
    .first_layer = LAYER_NUMBER,
    .variants = 1,
    .producer = "by hand",
    .name = "copy",
    .layer = &layer,
    .variant = &variant,
};

const moelora_artifact *LAYER_QUERY(uint32_t abi, uint32_t index) {
  (void)abi;
  return LAYER_ANSWERS && index < LAYER_COUNT ? &artifact : 0;
}
