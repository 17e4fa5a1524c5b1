/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A compiled layer written by hand, in plain loops: softmax routing, gated
 * silu, bf16, adapters on the router and the experts. It shows what an artifact
 * is, and lets the tool that runs artifacts be tested without a compiler.
 * WRONG_UP adds the up adapter to the gate; ROUTER_INPUT and BY_TOKEN_ID add an
 * operand that only some routers read; EMULATED adds the variants for the
 * emulator and for a GPU in EmulatedLayer.c. */
#include "NaiveLayer.h"

#ifdef EMULATED
#include "EmulatedLayer.h"
#endif

#if defined(ROUTER_INPUT)
#define MORE_ROLE MOELORA_ROUTER_HIDDEN
#define MORE_OPERAND                                                           \
  MATRIX(MOELORA_ROUTER_HIDDEN, MOELORA_BF16, FROM_ALL, -1, H, H)
#elif defined(BY_TOKEN_ID)
#define MORE_ROLE MOELORA_TOKEN_IDS
#define MORE_OPERAND                                                           \
  {.size = sizeof(moelora_operand),                                            \
   .role = MOELORA_TOKEN_IDS,                                                  \
   .dtype = MOELORA_I32,                                                       \
   .dims = 1,                                                                  \
   .align = 4,                                                                 \
   .entries = FROM_ALL | FROM_LOGITS,                                          \
   .shape = {-1},                                                              \
   .stride = {1}}
#endif

/* The data of a run in one struct. */
typedef struct frame {
  const moelora_run_args *args;
  int32_t *ids;
  float *logits, *weights;
} frame;

static bf16 *row_of(const moelora_run_args *args, int row, int64_t t) {
  return (bf16 *)args->operand[row] + t * args->stride[row][0];
}

static adapter adapter_of(const moelora_run_args *args, int64_t t) {
  const adapter of = {image_of(args->step, t), args->layer,
                      MOELORA_PAGE_ROW_MAJOR};
  return of;
}

static void token(void *context, int64_t t, int64_t worker) {
  const frame *f = context;
  const moelora_run_args *args = f->args;
  const bf16 *x = row_of(args, Hidden, t);
  const adapter of = adapter_of(args, t);
  int valid = !args->valid_tokens || t < *args->valid_tokens;
  float sum[H] = {0}, y[H];
  (void)worker;
  for (int j = 0; valid && j < K; ++j) {
    int32_t e = f->ids[t * K + j];
    if ((uint32_t)e >= E)
      continue;
    run_expert(args->operand[GateUp], args->operand[Down], e, &of, x, y);
    for (int h = 0; h < H; ++h)
      sum[h] += f->weights[t * K + j] * y[h];
  }
  for (int h = 0; h < H; ++h)
    row_of(args, Output, t)[h] = narrow(sum[h]);
}

static uint64_t workspace(int32_t entry, int64_t tokens, int32_t workers) {
  (void)entry, (void)workers;
  return (uint64_t)tokens * (2 * K + E) * sizeof(int32_t);
}

static frame open_frame(const moelora_run_args *args) {
  frame f = {0};
  f.args = args;
  f.ids = args->workspace;
  f.weights = (float *)(f.ids + args->tokens * K);
  f.logits = f.weights + args->tokens * K;
  return f;
}

static int32_t finish(frame *f) {
  const moelora_services *services = f->args->services;
  services->parallel_for(services->context, f->args->tokens, token, f);
  return MOELORA_RUN_OK;
}

static int32_t run_from_ids(const moelora_run_args *args) {
  frame f = open_frame(args);
  size_t pairs = (size_t)args->tokens * K;
  memcpy(f.ids, args->operand[Ids], pairs * sizeof *f.ids);
  memcpy(f.weights, args->operand[Weights], pairs * sizeof *f.weights);
  return finish(&f);
}

static const moelora_layer layer;

static int32_t run_from_logits(const moelora_run_args *args) {
  frame f = open_frame(args);
  moelora_route_inputs inputs = {0};
  inputs.tokens = args->tokens;
  inputs.logits = args->operand[Logits];
  args->services->route(&layer.router, &inputs, f.ids, f.weights, args->stats);
  return finish(&f);
}

static int32_t run(const moelora_run_args *args) {
  frame f = open_frame(args);
  const bf16 *weight = args->operand[Router];
  void *operands[Rows];
  moelora_run_args with_logits = *args;
  memcpy(operands, args->operand, sizeof operands);
  operands[Logits] = f.logits;
  with_logits.operand = operands;
  for (int64_t t = 0; t < args->tokens; ++t) {
    const adapter of = adapter_of(args, t);
    compute_logits(weight, &of, row_of(args, Hidden, t), f.logits + t * E);
  }
  return run_from_logits(&with_logits);
}

static const moelora_layer layer = {
    .dtype = MOELORA_BF16,
    .router_dtype = MOELORA_BF16,
    .hidden = H,
    .intermediate = I,
    .routed_scale = 1,
    .shared_scale = 1,
    .router = {.experts = E,
               .top_k = K,
               .logit_scale = 1,
               .score = MOELORA_SCORE_SOFTMAX,
               .groups = 1,
               .top_groups = 1,
               .group_score = MOELORA_GROUP_MAX,
               .renormalize = MOELORA_RENORMALIZE_SUM,
               .scale = 1},
    .activation = {.function = MOELORA_SILU, .gated = 1, .alpha = 1}};

static const moelora_operand operands[] = {
    MATRIX(MOELORA_HIDDEN, MOELORA_BF16, FROM_ANY, -1, H, 0),
    MATRIX(MOELORA_OUTPUT, MOELORA_BF16, FROM_ANY, -1, H, 0),
    MATRIX(MOELORA_ROUTER_LOGITS, MOELORA_F32, FROM_LOGITS, -1, E, E),
    MATRIX(MOELORA_EXPERT_IDS, MOELORA_I32, FROM_IDS, -1, K, K),
    MATRIX(MOELORA_EXPERT_WEIGHTS, MOELORA_F32, FROM_IDS, -1, K, K),
    MATRIX(MOELORA_ROUTER_WEIGHT, MOELORA_BF16, FROM_ALL, E, H, H),
    {.size = sizeof(moelora_operand),
     .role = MOELORA_GATE_UP_WEIGHT,
     .dtype = MOELORA_BF16,
     .dims = 4,
     .align = 4,
     .entries = FROM_ANY,
     .shape = {E, 2, I, H},
     .stride = {2 * I * H, I * H, H, 1}},
    {.size = sizeof(moelora_operand),
     .role = MOELORA_DOWN_WEIGHT,
     .dtype = MOELORA_BF16,
     .dims = 3,
     .align = 4,
     .entries = FROM_ANY,
     .shape = {E, H, I},
     .stride = {H * I, I, 1}},
#ifdef MORE_OPERAND
    MORE_OPERAND,
#endif
};

static const moelora_entry entries[] = {
    {MOELORA_ENTRY_ALL, 0, run},
    {MOELORA_ENTRY_LOGITS, 0, run_from_logits},
    {MOELORA_ENTRY_IDS, 0, run_from_ids}};

/* What the variants have in common. */
#ifdef MORE_OPERAND
#define MORE_ROLES (1u << MORE_ROLE)
#else
#define MORE_ROLES 0u
#endif
#define VARIANT(ORDER)                                                         \
  .size = sizeof(moelora_variant), .workspace_align = 64, .tuning = "generic", \
  .needs = "",                                                                 \
  .roles = 1u << MOELORA_HIDDEN | 1u << MOELORA_OUTPUT |                       \
           1u << MOELORA_ROUTER_LOGITS | 1u << MOELORA_EXPERT_IDS |            \
           1u << MOELORA_EXPERT_WEIGHTS | 1u << MOELORA_ROUTER_WEIGHT |        \
           1u << MOELORA_GATE_UP_WEIGHT | 1u << MOELORA_DOWN_WEIGHT |          \
           MORE_ROLES,                                                         \
  .adapters = {.size = sizeof(moelora_facts),                                  \
               .dtype = MOELORA_BF16,                                          \
               .page_order = (ORDER),                                          \
               .slots = Slots,                                                 \
               .max_rank = MaxRank,                                            \
               .experts = E,                                                   \
               .logits = E,                                                    \
               .hidden = H,                                                    \
               .width = H,                                                     \
               .intermediate = I,                                              \
               .projections = 1u << MOELORA_GATE | 1u << MOELORA_UP |          \
                              1u << MOELORA_DOWN | 1u << MOELORA_ROUTER},      \
  .operands = sizeof operands / sizeof *operands, .operand = operands,         \
  .workspace = workspace

#ifdef EMULATED
#define LAUNCHING_VARIANT                                                      \
  VARIANT(MOELORA_PAGE_FRAGMENT_MAJOR), .services = MOELORA_SERVICE_LAUNCH,    \
      .kernels = EmulatedKernels, .kernel = emulated_kernels,                  \
      .entries = MOELORA_ENTRIES, .entry = emulated_entries
#endif

static const moelora_variant variants[] = {
    {VARIANT(MOELORA_PAGE_ROW_MAJOR), .target = "cpu",
     .services = MOELORA_SERVICE_PARALLEL_FOR | MOELORA_SERVICE_ROUTE,
     .entries = sizeof entries / sizeof *entries, .entry = entries},
#ifdef EMULATED
    {LAUNCHING_VARIANT, .target = "emulated-sm_80", .binaries = 1,
     .binary = &emulated_binary},
    {LAUNCHING_VARIANT, .target = "sm_80", .binaries = 2,
     .binary = gpu_binaries},
#endif
};

static const moelora_artifact artifact = {
    .magic = MOELORA_ABI_MAGIC,
    .abi = MOELORA_ABI_VERSION,
    .minor = MOELORA_ABI_MINOR,
    .size = sizeof(moelora_artifact),
    .first_layer = 0,
    .variants = sizeof variants / sizeof *variants,
    .producer = "by hand",
    .name = "naive",
    .layer = &layer,
    .variant = variants,
};

const moelora_artifact *moelora_query(uint32_t abi, uint32_t index) {
  return abi == MOELORA_ABI_VERSION && index == 0 ? &artifact : 0;
}
