/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tensors that a compiled layer reads and writes: one row for each (role,
 * part), with a type and a shape. The row alone determines the size of the
 * operand.
 */
#ifndef MOELORA_RUNTIME_OPERAND_H
#define MOELORA_RUNTIME_OPERAND_H

#include "moelora/runtime/Dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The meaning of an operand. In IR it is the attribute #moelora.role<...>, with
 * the same numbers. */
typedef enum moelora_role {
  MOELORA_HIDDEN = 0, /* [T, H] layer's type */
  /* 1 was the slot ids of a token; a step resolves them now */
  MOELORA_TOKEN_IDS = 2,      /* [T] i32, for table routing */
  MOELORA_ROUTER_HIDDEN = 3,  /* [T, H] where the router reads another tensor */
  MOELORA_ROUTER_LOGITS = 4,  /* [T, E] f32, entry point "from logits" */
  MOELORA_EXPERT_IDS = 5,     /* [T, k] i32, entry point "from ids" */
  MOELORA_EXPERT_WEIGHTS = 6, /* [T, k] f32, entry point "from ids" */
  MOELORA_ROUTER_WEIGHT = 7,  /* [E, H], of the layer's router_dtype */
  MOELORA_ROUTER_BIAS = 8,    /* [E] f32, added to the logits */
  MOELORA_SELECTION_BIAS = 9, /* [E - always] f32, for the choice only */
  MOELORA_GATE_UP_WEIGHT = 10,        /* [X, 2, I, L] */
  MOELORA_GATE_UP_BIAS = 11,          /* [X, 2, I] f32 */
  MOELORA_DOWN_WEIGHT = 12,           /* [X, L, I] */
  MOELORA_DOWN_BIAS = 13,             /* [X, L] f32 */
  MOELORA_SHARED_GATE_UP_WEIGHT = 14, /* [1, 2, S, H] */
  MOELORA_SHARED_DOWN_WEIGHT = 15,    /* [1, H, S] */
  MOELORA_SHARED_SCORE_WEIGHT = 16,   /* [1, 1, H] */
  MOELORA_TOKEN_TABLE = 17,           /* [V, k] i32 expert ids by token id */
  MOELORA_EXPERT_SCALE = 18,          /* [E] f32, on the weights */
  MOELORA_ROUTER_NORM_WEIGHT = 19,    /* [H] f32 */
  MOELORA_LATENT_IN_WEIGHT = 20,      /* [1, L, H] */
  MOELORA_LATENT_IN_BIAS = 21,        /* [1, L] f32 */
  MOELORA_LATENT_OUT_WEIGHT = 22,     /* [1, H, L] */
  MOELORA_LATENT_OUT_BIAS = 23,       /* [1, H] f32 */
  MOELORA_SHARED_GATE_UP_BIAS = 24,   /* [1, 2, S] f32 */
  MOELORA_SHARED_DOWN_BIAS = 25,      /* [1, H] f32 */
  MOELORA_OUTPUT_NORM_WEIGHT = 26,    /* [H] f32 */
  MOELORA_OUTPUT = 27,     /* [T, H] layer's type, or f32 of a partial
                              entry point; written */
  MOELORA_EXPERT_MAP = 28, /* [copies, X] i32: the ep coordinate of an expert,
                              times the experts of a rank, plus its number
                              there; or -1. X counts those of all ranks */
  MOELORA_ROLES = 29,
} moelora_role;

/* Which tensor of a role. A quantised weight has several tensors, any other
 * operand has one. */
typedef enum moelora_part {
  MOELORA_PART_VALUES = 0,
  MOELORA_PART_SCALES = 1,
  MOELORA_PART_ZEROS = 2,
  MOELORA_PART_GLOBAL = 3, /* one factor for a whole matrix */
  MOELORA_PART_ORDER = 4,  /* a permutation of the inputs */
  MOELORA_PARTS = 5,
} moelora_part;

/* How to read the values of a quantised weight. No layer has one yet; the
 * struct reserves its place and its size in the ABI. */
typedef struct moelora_quant {
  int32_t element, packing, scale_type;
  int32_t block[2]; /* rows and columns that share a scale */
  int32_t zero_rule, global_rule;
} moelora_quant;

#define MOELORA_MAX_OPERAND_DIMS 8

typedef struct moelora_operand {
  uint32_t size;
  int32_t role, part; /* moelora_role, moelora_part */
  int32_t dtype;      /* moelora_dtype */
  int32_t dims;       /* at most MOELORA_MAX_OPERAND_DIMS */
  uint32_t align;     /* its address is a multiple of this number: a power of
                         two, at most 256 */
  uint32_t entries;   /* bit per moelora_entry_kind that needs it */
  uint32_t reserved;
  int64_t shape[MOELORA_MAX_OPERAND_DIMS];  /* -1, only as the first: tokens */
  int64_t stride[MOELORA_MAX_OPERAND_DIMS]; /* in elements; 0: free, the program
                                               reads what it is given. */
  const moelora_quant *quant;               /* NULL: not quantised */
} moelora_operand;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_OPERAND_H */
