/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter in the memory of a device, in the form that generated code reads,
 * and the slot ids of a batch as a step resolves them.
 *
 * An image contains no addresses. Offsets are in units of 64 bytes from its
 * beginning, and 0 means that there is no pair.
 *
 *     uint32_t finder[layers][MOELORA_PROJECTIONS]   where the pairs begin
 *     moelora_pair pairs[experts], or [1] where a projection is not of experts
 *     pages
 */
#ifndef MOELORA_RUNTIME_IMAGE_H
#define MOELORA_RUNTIME_IMAGE_H

#include "moelora/runtime/Operand.h"
#include "moelora/runtime/RunStats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The projection that a low-rank pair adapts. */
typedef enum moelora_projection {
  MOELORA_GATE = 0, /* in L, out I, per expert; L is H without latent */
  MOELORA_UP = 1,
  MOELORA_DOWN = 2,   /* in I, out L */
  MOELORA_ROUTER = 3, /* in H, out E, one expert */
  MOELORA_SHARED_GATE = 4,
  MOELORA_SHARED_UP = 5,
  MOELORA_SHARED_DOWN = 6,
  MOELORA_SHARED_SCORE = 7, /* in H, out 1 */
  MOELORA_LATENT_IN = 8,    /* in H, out L */
  MOELORA_LATENT_OUT = 9,   /* in L, out H */
  MOELORA_PROJECTIONS = 10,
} moelora_projection;

/* Ranks are stored in pages of 16; the last one is filled with zeros. */
#define MOELORA_PAGE_RANKS 16

typedef enum moelora_page_order {
  /* A: [pages * 16][in], B: [pages][out][16], both row-major. */
  MOELORA_PAGE_ROW_MAJOR = 1,
  /* The order in which mma.m16n8k16 reads its first operand, for 2-byte
   * elements only. A matrix consists of blocks of 16 x 16: A is [pages][in /
   * 16] and B is [pages][out / 16], with sizes rounded up and filled with
   * zeros. A block of A has ranks as rows and inputs as columns; a block of B
   * has outputs as rows and ranks as columns. Lane l of 32 has 8 contiguous
   * elements of a block: rows l / 4 and l / 4 + 8 alternate by pairs of columns
   * 2 (l % 4) + {0, 1}, first in columns 0-7, then in 8-15. */
  MOELORA_PAGE_FRAGMENT_MAJOR = 2,
} moelora_page_order;

#define MOELORA_IMAGE_UNIT 64

typedef enum moelora_pair_flags {
  MOELORA_PAIR_SHARES_A =
      1, /* on UP: its a, pages and scale are those of GATE */
} moelora_pair_flags;

/* The pair of one (adapter, layer, projection, expert). Fixed. */
typedef struct moelora_pair {
  uint32_t a, b;  /* of the pages, in units of the image */
  uint16_t pages; /* ceil(rank / 16); 0: no delta */
  uint16_t flags; /* moelora_pair_flags */
  float scale;    /* multiplies A x in f32, before its one rounding */
} moelora_pair;

/* The largest number of slots of a table. */
#define MOELORA_MAX_SLOTS 65536

/* The properties that a slot table has, or that a layer expects of one. They
 * are compared when the layer is bound to the table. Sizes are those of one
 * peer rank. */
typedef struct moelora_facts {
  uint32_t size;
  int32_t dtype;      /* moelora_dtype of the pages */
  int32_t page_order; /* moelora_page_order */
  int32_t
      slots; /* a layer accepts tables of at most this number; 0: no adapters */
  int32_t max_rank;  /* a layer accepts tables of at most this bound */
  int32_t experts;   /* that have weights */
  int32_t logits;    /* E: the number of router logits */
  uint32_t shared_a; /* bit per moelora_projection of which each adapter has one
                        A, rank and scale for all experts; a layer accepts
                        tables of at least these */
  int64_t hidden,
      width; /* width: of the rows that routed experts read, latent or hidden */
  int64_t intermediate, shared;
  uint64_t projections; /* bit per moelora_projection that it adapts */
} moelora_facts;

/* A directory word, one for each slot. The high bits are the generation of the
 * slot; the low bits are the address of the image in units of 256 bytes, or 0
 * if no image is published. An id is generation << index_bits | slot. */
#define MOELORA_WORD_ADDRESS_BITS 40
#define MOELORA_WORD_ADDRESS_UNIT 256
#define MOELORA_WORD_GENERATION_BITS 24

/* The slot ids of a batch, resolved once for all layers. The struct is fixed.
 * Its arrays are in memory of the table's device, at addresses that never
 * change, and so are the counters. The struct itself is in memory of the
 * host. */
typedef struct moelora_step_view {
  const uint64_t *ticket;   /* not 0 between enter and leave */
  const uint64_t *word;     /* [slots], each read once from the directory */
  const int32_t *number;    /* [tokens], a slot, or -1: base */
  moelora_run_stats *stats; /* added to with relaxed 64-bit adds */
  int32_t slots;
  int32_t index_bits;
} moelora_step_view;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_IMAGE_H */
