/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The description of a Mixture-of-Experts layer, which all parts of moelora
 * share. `lib/models` makes it from config.json, the importer turns it into IR,
 * code generation reads it back from IR and stores it in the artifact, the
 * reference evaluates it, and the runtime compares an artifact with a model.
 *
 * It is plain C99 data without pointers. Abi.h determines the size and the
 * version of every struct. Enumerators are part of the ABI: their numbers are
 * never reused.
 */
#ifndef MOELORA_RUNTIME_LAYER_H
#define MOELORA_RUNTIME_LAYER_H

#include "moelora/runtime/Dtype.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Stage "score": computes scores from the logits. */
typedef enum moelora_score {
  MOELORA_SCORE_SOFTMAX = 1, /* over all experts */
  MOELORA_SCORE_SIGMOID = 2,
  MOELORA_SCORE_SQRTSOFTPLUS = 3, /* sqrt(log(1 + e^l)) */
  MOELORA_SCORE_IDENTITY = 4,
} moelora_score;

/* Where the selection bias is added. It never affects the weights. */
typedef enum moelora_bias_on {
  MOELORA_BIAS_NONE = 0,
  MOELORA_BIAS_ON_SCORE = 1,
  MOELORA_BIAS_ON_LOGIT = 2,
} moelora_bias_on;

/* How a group of experts is scored. */
typedef enum moelora_group_score {
  MOELORA_GROUP_MAX = 1,
  MOELORA_GROUP_TOP2_SUM = 2,
} moelora_group_score;

/* Stage "post": applied to the k gathered scores. */
typedef enum moelora_post {
  MOELORA_POST_NONE = 0,
  MOELORA_POST_SOFTMAX = 1,
  MOELORA_POST_SIGMOID = 2,
} moelora_post;

/* Stage "renormalize": over the k selected, never over all experts. */
typedef enum moelora_renormalize {
  MOELORA_RENORMALIZE_NONE = 0,
  MOELORA_RENORMALIZE_SUM = 1,   /* w / (sum w + epsilon) */
  MOELORA_RENORMALIZE_CLAMP = 2, /* w / max(sum w, epsilon) */
  MOELORA_RENORMALIZE_PNORM = 3, /* w / (sum w^p)^(1/p) */
} moelora_renormalize;

/* The router maps logits [T, E] to expert ids [T, k] and f32 weights [T, k].
 * The stages run in the order of the fields. Of equal scores, that of the lower
 * expert id is chosen. */
typedef struct moelora_router {
  int32_t experts;     /* E: all that have a logit */
  int32_t top_k;       /* k, the always chosen ones included */
  int32_t always;      /* the last so many of E are chosen by every token */
  int32_t logit_type;  /* moelora_dtype the logits are rounded to; 0: none */
  float logit_scale;   /* logits are multiplied by it; 1: none */
  float softcap;       /* c > 0: tanh(l / c) * c; 0: none */
  int32_t score;       /* moelora_score */
  int32_t score_type;  /* moelora_dtype of the scores; 0: not rounded */
  int32_t bias_on;     /* moelora_bias_on; the bias is an operand */
  int32_t groups;      /* experts per group: E / groups; 1: no grouping */
  int32_t top_groups;  /* groups kept */
  int32_t group_score; /* moelora_group_score, when groups > 1 */
  int32_t group_fill_zero; /* 1: experts of dropped groups get 0, 0: -inf */
  int32_t table_rows;      /* > 0: ids = table[token_ids], no choice is made */
  int32_t post;            /* moelora_post */
  int32_t renormalize;     /* moelora_renormalize */
  float epsilon;           /* of the renormalisation */
  float norm_p;            /* p of MOELORA_RENORMALIZE_PNORM */
  float scale;             /* weights are multiplied by it; 1: none */
  int32_t expert_scale;    /* 1: and by an operand [E], one for each expert */
  int32_t weight_type;     /* moelora_dtype of the weights; 0: not rounded */
} moelora_router;

typedef enum moelora_function {
  MOELORA_SILU = 1,
  MOELORA_GELU_TANH = 2,
  MOELORA_GELU = 3,
  MOELORA_RELU2 = 4, /* max(x, 0)^2 */
} moelora_function;

typedef enum moelora_clamp {
  MOELORA_CLAMP_NONE = 0,
  MOELORA_CLAMP_PRE = 1,  /* g' = min(g, gate_max); u' = clip(u, +-up_limit) */
  MOELORA_CLAMP_POST = 2, /* min(f(g), gate_max) * clip(u, +-up_limit) */
} moelora_clamp;

/* gated: f(g) * (up(u) + up_offset), f(g) = g * sigmoid(alpha g) for SILU
 * plain: f(u) The clamps are asymmetric: the gate is limited from above only.
 * Soft caps replace a factor x by cap * tanh(x / cap): for the gate, the factor
 * outside the sigmoid (SILU only); for up, the whole factor. */
typedef struct moelora_activation {
  int32_t function; /* moelora_function */
  int32_t gated;    /* 1: two slices, gate and up; 0: one slice */
  int32_t clamp;    /* moelora_clamp */
  float gate_max;
  float up_limit;
  float alpha;     /* 1 for plain SILU */
  float up_offset; /* 0, or 1 for the gpt-oss form */
  float gate_cap;  /* soft cap; 0: none */
  float up_cap;
} moelora_activation;

/* Root mean square norm of a row: v / sqrt(mean(v^2) + epsilon) * scale, times
 * an operand, element by element. */
typedef struct moelora_norm {
  int32_t present; /* 0: there is no such norm */
  float epsilon;
  float scale;
} moelora_norm;

/* Which linear projections have a bias. A bias is an operand of its own. */
typedef enum moelora_bias {
  MOELORA_HAS_ROUTER_BIAS = 1,
  MOELORA_HAS_GATE_UP_BIAS = 2,
  MOELORA_HAS_DOWN_BIAS = 4,
  MOELORA_HAS_SHARED_GATE_UP_BIAS = 8,
  MOELORA_HAS_SHARED_DOWN_BIAS = 16,
  MOELORA_HAS_LATENT_IN_BIAS = 32,
  MOELORA_HAS_LATENT_OUT_BIAS = 64,
} moelora_bias;

/* The result of zero experts, which have no weights. */
typedef enum moelora_zero_kind {
  MOELORA_ZERO_IDENTITY = 1, /* the row that they read */
  MOELORA_ZERO_DROP = 2,     /* nothing */
} moelora_zero_kind;

/* One layer. X = router.experts - zero_experts is the number of experts with
 * weights, and L is latent, or H if latent is 0:
 *   gate_up [X, 2, I, L] ([X, 1, I, L] when not gated), down [X, L, I]
 *   router [E, H], latent in [L, H], latent out [H, L]
 *   shared: gate_up [2, S, H], down [H, S]
 * All weights are row-major. The experts read x, or latent_in x. The routed
 * part is their weighted sum, or latent_out of it. */
typedef struct moelora_layer {
  int32_t dtype;        /* moelora_dtype of hidden states, weights and output */
  int32_t router_dtype; /* of the router's weight: dtype, or MOELORA_F32 */
  int64_t hidden;       /* H */
  int64_t intermediate; /* I, of one routed expert */
  int64_t shared;       /* S, I of the shared expert; 0: there is none */
  int64_t latent;       /* L; 0: the routed experts work on hidden states */
  uint32_t biases;      /* moelora_bias, or-ed */
  int32_t zero_experts; /* the last so many of router.experts */
  int32_t zero_kind;    /* moelora_zero_kind, when zero_experts > 0 */
  int32_t weight_on_input; /* 1: weights multiply the experts' input, LoRA's A
                              included, and are not applied again */
  int32_t router_input;    /* 1: the router reads a tensor of its own [T, H] */
  int32_t shared_score; /* 1: the shared expert is scaled by sigmoid(x . v) */
  float routed_scale;   /* on the summed routed output; 1: none */
  float shared_scale;   /* on the shared expert's output; 1: none */
  moelora_norm router_norm; /* of what the router reads */
  moelora_norm output_norm; /* of the sum of routed and shared */
  moelora_router router;
  moelora_activation activation;
  moelora_activation shared_activation;
} moelora_layer;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_LAYER_H */
