/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What generated code and the runtime agree on; the only runtime header that
 * code generation includes. A change to any struct here is a new
 * MOELORA_ABI_VERSION. Sizes are asserted in runtime/Abi.cpp.
 *
 * Ownership: every pointer is borrowed for the duration of the call that takes
 * it, except an artifact, which lives as long as its shared object is loaded.
 * Threads: an artifact is immutable; any number of threads may run it at once
 * with workspaces and args of their own. Generated code never allocates, never
 * locks, never makes threads and never calls anything but `moelora_services`.
 */
#ifndef MOELORA_RUNTIME_ABI_H
#define MOELORA_RUNTIME_ABI_H

#include "moelora/runtime/Layer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_ABI_VERSION 3u
#define MOELORA_ABI_MAGIC 0x41524c4du /* "MLRA", little endian */
#define MOELORA_QUERY_SYMBOL "moelora_query"

/* ---- Operands of a layer -------------------------------------------------
 * The role of a tensor argument; `args.operand[role]` is its address. In IR it
 * is the attribute #moelora.role<...> with the same numbers. */
typedef enum moelora_role {
  MOELORA_HIDDEN = 0,         /* [T, H] layer's type */
  MOELORA_SLOTS = 1,          /* [T] i32 slot ids; -1: base only */
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
  MOELORA_ROLES = 27,
} moelora_role;

/* ---- Adapters ------------------------------------------------------------ */

/* What one low-rank pair adapts. */
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
  /* As mma.m16n8k16 takes its first operand, of 2-byte elements only: blocks of
   * 16 x 16, A as [pages][in / 16] and B as [pages][out / 16] with sizes
   * rounded up and filled with zeros. The block of A has ranks as rows and
   * inputs as columns, that of B outputs as rows and ranks as columns. In a
   * block, lane l of 32 has 8 elements side by side: rows l / 4 and l / 4 + 8
   * alternate by pairs of columns 2 (l % 4) + {0, 1}, first of columns 0-7,
   * then of 8-15. */
  MOELORA_PAGE_FRAGMENT_MAJOR = 2,
} moelora_page_order;

/* The pair of one (adapter, layer, projection, expert). 64-byte aligned data.
 */
typedef struct moelora_pair {
  const void *a; /* NULL when pages is 0 */
  const void *b;
  uint32_t pages; /* ceil(rank / 16); 0: no delta */
  uint32_t rank;
  float scale;       /* multiplies A x in f32, before its one rounding */
  uint32_t shares_a; /* 1 on UP: its a, rank and scale are those of GATE */
} moelora_pair;

/* One layer of an adapter: [experts] pairs per projection, or NULL. */
typedef struct moelora_adapter_layer {
  const moelora_pair *projection[MOELORA_PROJECTIONS];
} moelora_adapter_layer;

/* An adapter as published: immutable until it is retired. */
typedef struct moelora_adapter_index {
  uint32_t layers;
  uint32_t reserved;
  const moelora_adapter_layer *layer; /* [layers], by layer number */
} moelora_adapter_index;

/* A slot id: bit 31 zero, bits 16-30 generation, bits 0-15 slot index.
 * A directory entry: bits 48-63 generation, bits 0-47 address of a
 * moelora_adapter_index (0: nothing published). Generations wrap after 32768.
 */
#define MOELORA_SLOT_INDEX_BITS 16
#define MOELORA_SLOT_GENERATION_BITS 15

/* What became of the slot ids of all runs; added to with relaxed atomics. */
typedef struct moelora_id_counters {
  uint64_t masked; /* did not resolve, served as base; -1 is not counted */
  uint64_t stale;  /* of these: the slot exists, its generation is another */
} moelora_id_counters;

typedef struct moelora_directory {
  const uint64_t *entry; /* [slots], each read once per run, with acquire */
  moelora_id_counters *counters; /* of the slot table; NULL: not counted */
  int32_t slots;
  int32_t layer; /* the layer number that this run computes */
} moelora_directory;

/* ---- Plan ---------------------------------------------------------------- */

typedef struct moelora_tile { /* rows of one expert, at most tile_rows */
  int32_t expert, begin, rows, reserved;
} moelora_tile;

/* Rows of one (expert, slot >= 0) inside one row block. A tile of n rows has
 * ceil(n / block_rows) row blocks as equal as they can be, the larger first. */
typedef struct moelora_segment {
  int32_t expert, slot, begin, rows;
  int32_t block_begin, block_rows;
} moelora_segment;

/* T * k pairs ordered by expert, then slot, stable. Dropped pairs are absent.
 * The caller provides the arrays; capacities, with P = T * k:
 * rows P; tiles P; segments P; scratch P + experts + slots + 2. */
typedef struct moelora_plan {
  int32_t rows, tiles, segments, reserved;
  int32_t *row_token; /* pair / k */
  int32_t *row_pair;
  int32_t *row_slot; /* dense slot or -1 */
  moelora_tile *tile;
  moelora_segment *segment;
  int32_t *scratch;
} moelora_plan;

typedef struct moelora_plan_shape {
  int64_t tokens;
  int32_t top_k, experts, slots;
  int32_t tile_rows, block_rows;
  int32_t zero_experts; /* ids from `experts` on that are no error */
} moelora_plan_shape;

/* ---- Services ------------------------------------------------------------ */

/* The most experts that the `route` service takes: it keeps one token's scores
 * on the stack. Loading refuses an artifact above it. */
#define MOELORA_MAX_ROUTED_EXPERTS 2048

typedef void (*moelora_task)(void *frame, int64_t task, int64_t worker);

/* What happened in a run; added to, never reset. */
typedef struct moelora_run_stats {
  uint64_t masked_slots;  /* ids that did not resolve, served as base */
  uint64_t stale_slots;   /* of these: the generation is not the slot's */
  uint64_t dropped_pairs; /* expert ids below -1 or beyond the experts; choices
                             of token ids beyond the table */
} moelora_run_stats;

/* What a router reads. Whatever the router does not ask for is NULL. */
typedef struct moelora_route_inputs {
  int64_t tokens;
  const float *logits;       /* [tokens, E] */
  const float *bias;         /* [E - always], for the choice only */
  const float *expert_scale; /* [E] */
  const int32_t *table;      /* [table_rows, k] */
  const int32_t *token_ids;  /* [tokens] */
} moelora_route_inputs;

/* What generated code may call. Data-dependent bookkeeping lives behind it, so
 * that it exists once; everything that touches weights is generated. */
typedef struct moelora_services {
  uint32_t struct_size, abi_version;
  void *context;             /* passed back to parallel_for */
  int32_t workers, reserved; /* worker numbers are in [0, workers) */
  /* Calls task(frame, i, worker) once for each i in [0, tasks), in ascending
   * order of start; returns when all are done. */
  void (*parallel_for)(void *context, int64_t tasks, moelora_task task,
                       void *frame);
  /* ids [tokens] -> dense [tokens] slot or -1, and for each slot that occurs in
   * dense its layer in snapshot [slots], whose other elements mean nothing.
   * Each entry is read once, so that one run sees one version of a slot.
   * directory NULL: every token is base. */
  void (*resolve_slots)(const moelora_directory *directory, const int32_t *ids,
                        int64_t tokens, int32_t slots, int32_t *dense,
                        const moelora_adapter_layer **snapshot,
                        moelora_run_stats *stats);
  /* -> ids, weights [tokens, k]. */
  void (*route)(const moelora_router *router,
                const moelora_route_inputs *inputs, int32_t *ids,
                float *weights, moelora_run_stats *stats);
  /* sums[t]: the weights of those choices of token t whose id is in
   * [first, end), added in ascending order of their ids. */
  void (*identity_weights)(int64_t tokens, int32_t top_k, int32_t first,
                           int32_t end, const int32_t *ids,
                           const float *weights, float *sums);
  /* expert_ids [tokens, k], or NULL for a plan of one expert. */
  void (*plan)(const moelora_plan_shape *shape, const int32_t *expert_ids,
               const int32_t *dense, moelora_plan *plan,
               moelora_run_stats *stats);
} moelora_services;

/* ---- Running ------------------------------------------------------------- */

typedef enum moelora_run_status {
  MOELORA_RUN_OK = 0,
  MOELORA_RUN_MISSING_OPERAND = 1,
  MOELORA_RUN_SMALL_WORKSPACE = 2,
  MOELORA_RUN_ABI_MISMATCH = 3,
} moelora_run_status;

typedef struct moelora_run_args {
  uint32_t struct_size, abi_version;
  int64_t tokens;
  const void *operand[MOELORA_ROLES]; /* row-major, 4-byte aligned at least */
  void *output;                       /* [T, H], layer's type */
  void *workspace;                    /* 64-byte aligned */
  uint64_t workspace_bytes;
  const moelora_directory *directory; /* NULL: no adapters */
  const moelora_services *services;
  moelora_run_stats *stats; /* never NULL */
} moelora_run_args;

typedef int32_t (*moelora_run)(const moelora_run_args *args);

/* ---- Artifact ------------------------------------------------------------ */

/* What a compiled layer says of itself. */
typedef struct moelora_artifact {
  uint32_t magic, abi_version, struct_size;
  int32_t
      first_layer; /* layer number it was compiled for; -1: not from a model */
  const char *producer;     /* "moelora 0.1.0" */
  const char *name;         /* symbol of the layer in IR */
  const char *target;       /* "cpu" */
  const char *cpu;          /* the CPU name it was compiled for */
  const char *cpu_features; /* what it needs, "avx2,fma": comma-separated */
  moelora_layer layer;
  uint32_t operands;    /* bit per moelora_role that `run` reads */
  uint32_t projections; /* bit per moelora_projection that it adapts */
  int32_t slots, max_rank;
  int32_t adapter_dtype, page_order;
  /* Bytes of workspace for a run of this many tokens on this many workers. */
  uint64_t (*workspace_bytes)(int64_t tokens, int32_t workers);
  moelora_run run;             /* everything, with the layer's own router */
  moelora_run run_from_logits; /* MOELORA_ROUTER_LOGITS given */
  moelora_run run_from_ids;    /* MOELORA_EXPERT_IDS and _WEIGHTS given */
} moelora_artifact;

/* The one exported symbol. NULL when it cannot serve this ABI version. */
typedef const moelora_artifact *(*moelora_query_fn)(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ABI_H */
