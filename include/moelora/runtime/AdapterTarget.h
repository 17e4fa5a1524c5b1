/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The target of an adapter: the MoE layers of a model, with their names and
 * sizes.
 *
 * A target is plain data that the caller fills, usually from the table of model
 * families. A list of names is NULL-terminated. The names in a list are
 * equivalent alternatives, because checkpoints and libraries use different
 * names for the same module. A list that is NULL means that the family has no
 * such module.
 */
#ifndef MOELORA_RUNTIME_ADAPTERTARGET_H
#define MOELORA_RUNTIME_ADAPTERTARGET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to read a packed file if its shapes fit both layouts (only one projection
 * is adapted, and H == 2I or H == I). */
typedef enum moelora_blind_rule {
  /* The files do not determine the layout: the user must state it. */
  MOELORA_BLIND_REFUSE = 0,
  /* Stored (E, out, in) by every library that packs the family: transposed
   * before PEFT 0.19.1, natural from 0.19.1 on. */
  MOELORA_BLIND_OUT_IN = 1,
  /* Stored (E, in, out), marked as such by newer libraries only: natural
   * before PEFT 0.19, undecidable later. */
  MOELORA_BLIND_IN_OUT = 2,
} moelora_blind_rule;

/* The module paths of one family below `layers.N.`, or below another name for
 * `layers`. A path may have several components, as in "router.gate". */
typedef struct moelora_adapter_names {
  const char *container;      /* "blocks"; NULL: "layers" */
  const char *const *block;   /* the MoE block: "mlp", "block_sparse_moe"; ""
                                 where its parts lie in the layer itself */
  const char *const *experts; /* below the block: "experts" */
  const char *const *gate;    /* below experts.E: "gate_proj", "w1" */
  const char *const *up;
  const char *const *down;
  const char *const *packed_gate_up; /* parameter of experts: "gate_up_proj" */
  const char *const *packed_down;
  const char *const *router;      /* below the block: "gate" */
  const char *const *shared;      /* below the block: "shared_expert" */
  const char *const *shared_gate; /* below the shared expert */
  const char *const *shared_up;
  const char *const *shared_down;
  const char *const *shared_gate_up; /* one linear for both, gate rows first:
                                        "input_linear" */
  const char *const *shared_score;   /* below the block: "shared_expert_gate" */
  const char *const *latent_in;      /* below the block: "fc1_latent_proj" */
  const char *const *latent_out;
  int32_t packed_modules; /* 1: packed_gate_up and packed_down may also be
                             modules of the block with one parameter each,
                             called "weight" */
  int32_t blind_rule;     /* moelora_blind_rule */
} moelora_adapter_names;

/* The forms in which libraries store a packed parameter. The values are bits,
 * because versions differ. */
typedef enum moelora_packed_storage {
  MOELORA_STORED_OUT_IN = 1, /* (E, out, in) */
  MOELORA_STORED_IN_OUT = 2, /* (E, in, out) */
} moelora_packed_storage;

/* One MoE layer. */
typedef struct moelora_adapter_site {
  uint32_t size;        /* sizeof, the same of all sites; see Error.h */
  int32_t layer;        /* N of `layers.N.`; all sites have one container */
  int32_t experts;      /* that have weights */
  int32_t always;       /* the last so many of them are shared experts, which
                           adapters do not count among the experts */
  int32_t logits;       /* E: the number of router logits; 0: experts */
  int32_t zero_experts; /* packed gate_up counts them too; pairs that a file
                           has for them mean nothing and are not read */
  int64_t hidden;
  int64_t latent;       /* what routed experts read; 0: hidden */
  int64_t intermediate; /* of one routed expert */
  int64_t shared;       /* of the shared expert; 0: there is none */
  int32_t gated;        /* 1: gate and up; 0: up alone */
  int32_t interleaved;  /* 1: packed gate and up rows alternate */
  const moelora_adapter_names *names;
  int32_t storage; /* moelora_packed_storage; 0: unknown */
  int32_t reserved;
} moelora_adapter_site;

/* A model. Layers that are not listed are dense: they have no experts. */
typedef struct moelora_adapter_target {
  uint32_t size; /* sizeof; set by the caller, see Error.h */
  int32_t sites;
  const moelora_adapter_site *site;
  int32_t layers;            /* of the whole model */
  int32_t prediction_layers; /* that checkpoints number behind these: they
                                predict further tokens, are another part of the
                                model, and may have adapters of their own */
} moelora_adapter_target;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ADAPTERTARGET_H */
