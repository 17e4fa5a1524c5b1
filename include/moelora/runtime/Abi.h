/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ABI 4: the contract between generated code and the runtime. Code generation
 * includes no other header of the runtime. Sizes are asserted in
 * runtime/base/Abi.cpp.
 *
 * Growth: a struct that begins with `size` may grow at its end, and a reader
 * takes fields beyond the stated size for zero. All elements of an array have
 * the same size. Structs that are called fixed, and those without a size,
 * change only with MOELORA_ABI_VERSION. A runtime refuses artifacts of a later
 * minor version than its own.
 *
 * Ownership: every pointer is borrowed for the duration of the call that takes
 * it, except an artifact, which is constant data of its shared object.
 *
 * Threads: an artifact is immutable; any number of threads may run it at once,
 * each with its own workspace. Generated code allocates no memory, takes no
 * lock, creates no thread, and calls only functions of `moelora_services`.
 */
#ifndef MOELORA_RUNTIME_ABI_H
#define MOELORA_RUNTIME_ABI_H

#include "moelora/runtime/Image.h"
#include "moelora/runtime/Memory.h"
#include "moelora/runtime/Services.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_ABI_VERSION 4u
#define MOELORA_ABI_MINOR                                                      \
  3u                                  /* 1: moelora_facts.shared_a             \
                                         2: moelora_run_args.group             \
                                         3: moelora_run_args.peer_numbers,     \
                                            moelora_variant.grid, token_axes,  \
                                            expert_map */
#define MOELORA_ABI_MAGIC 0x41524c4du /* "MLRA", little endian */

/* Returns the artifact `index` of a module, or NULL if there is none or it does
 * not support this ABI. The symbol is weak, so that objects of several modules
 * can be linked into one image. MOELORA_QUERY_SYMBOL "_" NAME returns the layer
 * NAME and takes only the ABI. */
#define MOELORA_QUERY_SYMBOL "moelora_query"

/* Where the routing comes from. A layer without a router does not have the
 * first kind, or the first two. */
typedef enum moelora_entry_kind {
  MOELORA_ENTRY_ALL = 0, /* the layer's own router */
  MOELORA_ENTRY_LOGITS = 1,
  MOELORA_ENTRY_IDS = 2,
  MOELORA_ENTRY_RESOLVE = 3, /* no layer: resolves the ids of a step; see
                                moelora_resolve_operand */
  MOELORA_ENTRIES = 4,
} moelora_entry_kind;

typedef enum moelora_run_status {
  MOELORA_RUN_OK = 0,
  MOELORA_RUN_MISSING_OPERAND = 1,
  MOELORA_RUN_SMALL_WORKSPACE = 2,
  MOELORA_RUN_ABI_MISMATCH = 3,
  MOELORA_RUN_DEVICE_FAILED = 4,
  MOELORA_RUN_COLLECTIVE = 5, /* an exchange failed; the group has the error */
} moelora_run_status;

typedef struct moelora_run_args {
  uint32_t size, abi;
  int32_t layer; /* the layer number that is computed */
  int32_t reserved;
  int64_t tokens;
  void *const *operand;         /* by row of the variant, addresses on the
                                   device; what the entry point does not need
                                   may be NULL */
  const int64_t *const *stride; /* by row, [dims], where a stride of the row is
                                   free, else NULL; NULL where none is */
  void *workspace;              /* aligned to variant.workspace_align */
  uint64_t workspace_bytes;
  const moelora_step_view *step; /* NULL: no adapters */
  const int32_t *valid_tokens;   /* tokens from *valid_tokens on have no pairs;
                                    NULL: all have */
  const moelora_services *services;
  moelora_kernel *const *kernels; /* by kernel of the variant */
  moelora_stream *on;
  moelora_run_stats *stats;        /* never NULL; others may add to it too */
  const moelora_group_view *group; /* never NULL if the variant calls
                                      collective; its tokens are set, and those
                                      of this peer rank are `tokens` */
  /* As step->number, of the tokens of all peer ranks over the axes over which
   * the layer gathers tokens, in ascending order of the peer ranks. NULL
   * without a step, or if the layer gathers none. */
  const int32_t *peer_numbers;
} moelora_run_args;

typedef int32_t (*moelora_run_function)(const moelora_run_args *args);

/* What args->operand contains for MOELORA_ENTRY_RESOLVE, instead of rows of the
 * variant.
 *
 * A variant has this entry point if its device does not run kernels of the
 * host. It launches one kernel, or several, that resolve the ids of a batch to
 * slots, for all layers of a step. It may be captured into a graph, and does
 * not wait. These fields of the arguments are set, and all others are 0 or
 * NULL, except layer, which is -1:
 *
 *   size, abi, services, kernels, on   as for a layer
 *   tokens         the number T of ids, from 0 to 2^31 - 1. The max_tokens of
 *                  the variant does not limit it.
 *   operand        the addresses below, of device memory
 *   valid_tokens   as for a layer. V is T without it, and otherwise
 *                  *valid_tokens, but at least 0 and at most T.
 *   step           never NULL; a struct of the host that is valid during the
 *                  call. The kernel reads *ticket. It writes word[slots] and
 *                  number[T], which are const only for layers.
 *   stats          step->stats, to which the kernel adds with relaxed atomic
 *                  64-bit additions; others may add at the same time
 *
 * No workspace is provided. The memory of word and number is undefined before
 * the kernel. The kernel does the same as `resolve` in
 * runtime/slots/StepKernel.cpp.
 *
 * If *ticket is 0, the launch is outside of a step. The kernel does not read
 * the directory or the ids. It sets word[0 .. slots) to 0, sets number[0 .. T)
 * to -1, and adds V to outside_steps.
 *
 * Otherwise, it sets number[t] to -1 for V <= t < T, whose ids it does not
 * read. For each t < V with the id i:
 *
 *   slot    = i & ((1 << index_bits) - 1)
 *   named   = i >= 0 and slot < slots
 *   w       = word[slot]
 *   current = named and i >> index_bits == w >> MOELORA_WORD_ADDRESS_BITS
 *   served  = current and the low MOELORA_WORD_ADDRESS_BITS of w are not all 0
 *
 *   number[t] = slot if served, else -1
 *   masked_slots += 1 if not served and i is not -1
 *   stale_slots  += 1 if named and not current
 *
 * word[s] is a copy of directory[s], which the host and other streams may
 * replace at any time. The kernel therefore reads each directory[s] at most
 * once, with one aligned 8-byte load that has acquire semantics at system
 * scope, stores it to word[s], and uses only word[s] from then on: all tokens
 * and all layers of the step must see the same word. It copies at least the
 * words of the slots that are named. The words of other slots may be left
 * undefined. */
typedef enum moelora_resolve_operand {
  MOELORA_RESOLVE_IDS = 0,       /* const int32_t [T], from the caller of
                                    moelora_step_resolve */
  MOELORA_RESOLVE_DIRECTORY = 1, /* const uint64_t [slots], the directory of the
                                    slot table, with words as in Image.h */
  MOELORA_RESOLVE_OPERANDS = 2,
} moelora_resolve_operand;

typedef enum moelora_entry_flags {
  MOELORA_ENTRY_PARTIAL = 1, /* the output is the f32 sum of this peer rank. The
                                caller adds up those of the peer ranks along ep
                                and tp, which have the same tokens, and rounds.
                                All entry points of a variant that compute the
                                layer have it, or none. */
} moelora_entry_flags;

typedef struct moelora_entry {
  int32_t kind;   /* moelora_entry_kind */
  uint32_t flags; /* moelora_entry_flags */
  moelora_run_function run;
} moelora_entry;

/* A layer compiled for one kind of device. */
typedef struct moelora_variant {
  uint32_t size;
  uint32_t workspace_align; /* a power of two, at most 256 */
  const char *target;     /* "cpu", "sm_90", "emulated-sm_90"; see Program.h */
  const char *tuning;     /* the CPU name that it was compiled for */
  const char *needs;      /* "avx2,fma": comma-separated; "": nothing */
  uint64_t services;      /* bits of moelora_service that it calls */
  uint64_t roles;         /* bit per moelora_role of its operands */
  int64_t max_tokens;     /* of one run; 0: no bound */
  moelora_facts adapters; /* the slot table that it takes */
  /* A cubin that follows PTX is the same code, assembled for exactly the
   * target. It has no kernels of its own: devices of this architecture load it
   * in place of the PTX, unless their driver cannot. */
  uint32_t operands, binaries, kernels, entries;
  const moelora_operand *operand;
  const moelora_binary *binary;
  const moelora_kernel_info *kernel;
  const moelora_entry *entry;
  /* The size of the workspace in bytes, for a run of this moelora_entry_kind
   * with this number of tokens and workers. Not called for
   * MOELORA_ENTRY_RESOLVE. */
  uint64_t (*workspace)(int32_t entry, int64_t tokens, int32_t workers);
  /* The peer ranks over which the layer was cut, dp x ep x tp. The operands and
   * `adapters` are those of one of them, and moelora_layer describes the whole.
   * 0 or 1: not cut along this axis. */
  int32_t grid[MOELORA_AXES];
  uint32_t token_axes; /* bits of moelora_axis: peer ranks that differ in one of
                          these have different tokens; all others have the
                          same */
  const int32_t *expert_map; /* the content of the operand MOELORA_EXPERT_MAP,
                                which has its shape, unless another one is
                                bound; NULL: there is no such operand */
} moelora_variant;

typedef struct moelora_artifact {
  uint32_t magic, abi, minor, size;
  int32_t first_layer; /* layer number it was compiled for; -1: not from a
                          model */
  uint32_t variants;
  const char *producer; /* "moelora 0.1.0" */
  const char *name;     /* symbol of the layer in IR */
  /* The digest of the layer's IR and of everything with which it was compiled:
   * programs with equal digests are equal. XXH3-128, in its canonical byte
   * order. */
  uint8_t digest[16];
  /* Describes exactly what the program computes. NULL: no description can
   * express the layer. */
  const moelora_layer *layer;
  const moelora_variant *variant;
} moelora_artifact;

typedef const moelora_artifact *(*moelora_query_function)(uint32_t abi,
                                                          uint32_t index);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ABI_H */
