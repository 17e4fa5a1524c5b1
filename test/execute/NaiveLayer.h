/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The mathematics of NaiveLayer.c in plain loops, for every variant of it: one
 * expert with adapters, gated silu, bf16. WRONG_UP adds the up adapter to the
 * gate. */
#ifndef MOELORA_TEST_EXECUTE_NAIVELAYER_H
#define MOELORA_TEST_EXECUTE_NAIVELAYER_H

#include "HandLayer.h"

#include <math.h>
#include <string.h>

enum { H = 48, I = 24, E = 6, K = 2, Slots = 4, MaxRank = 64 };

/* Rows of operands. */
enum { Hidden, Output, Logits, Ids, Weights, Router, GateUp, Down, Rows };

typedef uint16_t bf16;

static inline float widen(bf16 value) {
  uint32_t bits = (uint32_t)value << 16;
  float wide;
  memcpy(&wide, &bits, sizeof wide);
  return wide;
}

static inline bf16 narrow(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return (bf16)(bits >> 16 | 0x40); /* NaN stays NaN */
  return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float dot(const bf16 *a, const bf16 *b, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i)
    sum += widen(a[i]) * widen(b[i]);
  return sum;
}

/* Where a token's adapter is (NULL: it has none), and the order of its pages.
 */
typedef struct adapter {
  const char *image;
  int32_t layer, order;
} adapter;

/* out += B (scale A x), A x rounded once. No page count is believed. */
static inline void add_delta(const adapter *of, int projection, int expert,
                             const bf16 *x, int in, int outs, float *out) {
  const moelora_pair *pair = pair_of(of->image, of->layer, projection, expert);
  bf16 shrunk[MaxRank];
  const bf16 *a, *b;
  int ranks;
  if (!pair || !pair->pages)
    return;
  ranks = pair->pages * MOELORA_PAGE_RANKS;
  ranks = ranks < MaxRank ? ranks : MaxRank;
  a = pages_at(of->image, pair->a);
  b = pages_at(of->image, pair->b);
  for (int r = 0; r < ranks; ++r) {
    float sum = 0;
    for (int i = 0; i < in; ++i)
      sum += widen(a[place_of_a(of->order, r, i, in)]) * widen(x[i]);
    shrunk[r] = narrow(pair->scale * sum);
  }
  for (int o = 0; o < outs; ++o)
    for (int r = 0; r < ranks; ++r)
      out[o] += widen(shrunk[r]) * widen(b[place_of_b(of->order, o, r, outs)]);
}

/* `up_gate` and `down` are the weights of all experts. */
static inline void run_expert(const bf16 *up_gate, const bf16 *down, int e,
                              const adapter *of, const bf16 *x, float *out) {
  float gate[I], up[I];
  bf16 a[I];
  for (int i = 0; i < I; ++i) {
    gate[i] = dot(up_gate + ((e * 2 + 0) * I + i) * H, x, H);
    up[i] = dot(up_gate + ((e * 2 + 1) * I + i) * H, x, H);
  }
  add_delta(of, MOELORA_GATE, e, x, H, I, gate);
#ifdef WRONG_UP
  add_delta(of, MOELORA_UP, e, x, H, I, gate);
#else
  add_delta(of, MOELORA_UP, e, x, H, I, up);
#endif
  for (int i = 0; i < I; ++i)
    a[i] = narrow(gate[i] / (1 + expf(-gate[i])) * up[i]);
  for (int h = 0; h < H; ++h)
    out[h] = dot(down + (e * H + h) * I, a, I);
  add_delta(of, MOELORA_DOWN, e, a, I, H, out);
}

static inline void compute_logits(const bf16 *weight, const adapter *of,
                                  const bf16 *x, float *logits) {
  for (int e = 0; e < E; ++e)
    logits[e] = dot(weight + e * H, x, H);
  add_delta(of, MOELORA_ROUTER, 0, x, H, E, logits);
}

#endif /* MOELORA_TEST_EXECUTE_NAIVELAYER_H */
