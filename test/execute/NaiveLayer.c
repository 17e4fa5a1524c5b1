/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A compiled layer written by hand, in plain loops: softmax routing, gated
 * silu, bf16, adapters on the experts. It shows what an artifact is, and lets
 * the tool that runs artifacts be tested without a compiler. WRONG_UP adds the
 * up adapter to the gate; MORE_OPERANDS is a role that it asks for besides. */
#include "moelora/runtime/Abi.h"

#ifndef MORE_OPERANDS
#define MORE_OPERANDS MOELORA_HIDDEN
#endif

#include <math.h>
#include <string.h>

enum { H = 48, I = 24, E = 6, K = 2, Slots = 4, MaxRank = 64 };

typedef uint16_t bf16;

static float widen(bf16 value) {
  uint32_t bits = (uint32_t)value << 16;
  float wide;
  memcpy(&wide, &bits, sizeof wide);
  return wide;
}

static bf16 narrow(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return (bf16)(bits >> 16 | 0x40); /* NaN stays NaN */
  return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* What a run needs, in one piece. */
typedef struct frame {
  const moelora_run_args *args;
  int32_t *ids, *dense;
  float *logits, *weights;
  const moelora_adapter_layer **snapshot;
} frame;

static float dot(const bf16 *a, const bf16 *b, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i)
    sum += widen(a[i]) * widen(b[i]);
  return sum;
}

/* out += B (scale A x), A x rounded once. */
static void add_delta(const moelora_adapter_layer *adapter, int projection,
                      int expert, const bf16 *x, int in, int outs, float *out) {
  const moelora_pair *pair;
  bf16 shrunk[MaxRank];
  if (!adapter || !adapter->projection[projection])
    return;
  pair = &adapter->projection[projection][expert];
  for (uint32_t r = 0; r < pair->rank; ++r)
    shrunk[r] =
        narrow(pair->scale * dot((const bf16 *)pair->a + r * in, x, in));
  for (int o = 0; o < outs; ++o)
    for (uint32_t r = 0; r < pair->rank; ++r) {
      uint32_t page = r / MOELORA_PAGE_RANKS, rank = r % MOELORA_PAGE_RANKS;
      const bf16 *b = (const bf16 *)pair->b;
      out[o] += widen(shrunk[r]) *
                widen(b[(page * outs + o) * MOELORA_PAGE_RANKS + rank]);
    }
}

static void expert(const frame *f, int e, const moelora_adapter_layer *adapter,
                   const bf16 *x, float *out) {
  const bf16 *up_gate = f->args->operand[MOELORA_GATE_UP_WEIGHT];
  const bf16 *down = f->args->operand[MOELORA_DOWN_WEIGHT];
  float gate[I], up[I];
  bf16 a[I];
  for (int i = 0; i < I; ++i) {
    gate[i] = dot(up_gate + ((e * 2 + 0) * I + i) * H, x, H);
    up[i] = dot(up_gate + ((e * 2 + 1) * I + i) * H, x, H);
  }
  add_delta(adapter, MOELORA_GATE, e, x, H, I, gate);
#ifdef WRONG_UP
  add_delta(adapter, MOELORA_UP, e, x, H, I, gate);
#else
  add_delta(adapter, MOELORA_UP, e, x, H, I, up);
#endif
  for (int i = 0; i < I; ++i)
    a[i] = narrow(gate[i] / (1 + expf(-gate[i])) * up[i]);
  for (int h = 0; h < H; ++h)
    out[h] = dot(down + (e * H + h) * I, a, I);
  add_delta(adapter, MOELORA_DOWN, e, a, I, H, out);
}

static void token(void *context, int64_t t, int64_t worker) {
  const frame *f = context;
  const bf16 *x = (const bf16 *)f->args->operand[MOELORA_HIDDEN] + t * H;
  int32_t slot = f->dense[t];
  float sum[H] = {0}, y[H];
  (void)worker;
  for (int j = 0; j < K; ++j) {
    int32_t e = f->ids[t * K + j];
    if ((uint32_t)e >= E)
      continue;
    expert(f, e, slot < 0 ? 0 : f->snapshot[slot], x, y);
    for (int h = 0; h < H; ++h)
      sum[h] += f->weights[t * K + j] * y[h];
  }
  for (int h = 0; h < H; ++h)
    ((bf16 *)f->args->output)[t * H + h] = narrow(sum[h]);
}

static const moelora_artifact artifact;

static uint64_t workspace_bytes(int64_t tokens, int32_t workers) {
  (void)workers;
  return sizeof(moelora_adapter_layer *) * Slots +
         (uint64_t)tokens * (1 + 2 * K + E) * sizeof(int32_t);
}

static frame open_frame(const moelora_run_args *args) {
  frame f = {0};
  int64_t tokens = args->tokens;
  f.args = args;
  f.snapshot = args->workspace;
  f.dense = (int32_t *)(f.snapshot + Slots);
  f.ids = f.dense + tokens;
  f.weights = (float *)(f.ids + tokens * K);
  f.logits = f.weights + tokens * K;
  return f;
}

static int32_t finish(frame *f) {
  const moelora_run_args *args = f->args;
  const moelora_services *services = args->services;
  services->resolve_slots(args->directory, args->operand[MOELORA_SLOTS],
                          args->tokens, Slots, f->dense, f->snapshot,
                          args->stats);
  services->parallel_for(services->context, args->tokens, token, f);
  return MOELORA_RUN_OK;
}

static int32_t run_from_ids(const moelora_run_args *args) {
  frame f = open_frame(args);
  size_t pairs = (size_t)args->tokens * K;
  memcpy(f.ids, args->operand[MOELORA_EXPERT_IDS], pairs * sizeof *f.ids);
  memcpy(f.weights, args->operand[MOELORA_EXPERT_WEIGHTS],
         pairs * sizeof *f.weights);
  return finish(&f);
}

static int32_t run_from_logits(const moelora_run_args *args) {
  frame f = open_frame(args);
  moelora_route_inputs inputs = {0};
  inputs.tokens = args->tokens;
  inputs.logits = args->operand[MOELORA_ROUTER_LOGITS];
  args->services->route(&artifact.layer.router, &inputs, f.ids, f.weights,
                        args->stats);
  return finish(&f);
}

static int32_t run(const moelora_run_args *args) {
  frame f = open_frame(args);
  const bf16 *x = args->operand[MOELORA_HIDDEN];
  const bf16 *weight = args->operand[MOELORA_ROUTER_WEIGHT];
  moelora_run_args with_logits = *args;
  for (int64_t t = 0; t < args->tokens; ++t)
    for (int e = 0; e < E; ++e)
      f.logits[t * E + e] = dot(weight + e * H, x + t * H, H);
  with_logits.operand[MOELORA_ROUTER_LOGITS] = f.logits;
  return run_from_logits(&with_logits);
}

static const moelora_artifact artifact = {
    .magic = MOELORA_ABI_MAGIC,
    .abi_version = MOELORA_ABI_VERSION,
    .struct_size = sizeof(moelora_artifact),
    .first_layer = 0,
    .producer = "by hand",
    .name = "naive",
    .target = "cpu",
    .cpu = "generic",
    .cpu_features = "",
    .layer = {.dtype = MOELORA_BF16,
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
              .activation = {.function = MOELORA_SILU, .gated = 1, .alpha = 1}},
    .operands = 1u << MOELORA_HIDDEN | 1u << MOELORA_SLOTS |
                1u << MOELORA_ROUTER_WEIGHT | 1u << MOELORA_GATE_UP_WEIGHT |
                1u << MOELORA_DOWN_WEIGHT | 1u << MORE_OPERANDS,
    .projections = 1u << MOELORA_GATE | 1u << MOELORA_UP | 1u << MOELORA_DOWN,
    .slots = Slots,
    .max_rank = MaxRank,
    .adapter_dtype = MOELORA_BF16,
    .page_order = MOELORA_PAGE_ROW_MAJOR,
    .workspace_bytes = workspace_bytes,
    .run = run,
    .run_from_logits = run_from_logits,
    .run_from_ids = run_from_ids,
};

const moelora_artifact *moelora_query(uint32_t abi_version) {
  return abi_version == MOELORA_ABI_VERSION ? &artifact : 0;
}
