/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a GPU kernel that was compiled for the host and the emulator agree on.
 *
 * The emulator runs one fiber per GPU thread. A kernel is one function that all
 * threads of the grid call. Everything that a GPU does differently from a host
 * is a call into the emulator: special registers, memory, barriers, operations
 * of a whole warp, matrices, asynchronous copies. Everything else is ordinary
 * host code.
 *
 * Pointers. An address takes the low 48 bits of a pointer. The high 16 bits are
 * the number of a region, the memory that the pointer may reach: pointer
 * arithmetic keeps it, `bounded` makes a new one, and `access` checks it and
 * returns an address without it. Number 0 is the allocation that holds the
 * address: one of the device, or the shared memory of the block. A kernel never
 * dereferences a pointer that `access` has not returned, and never stores a
 * pointer: it stores `number`, which has no region. What `access` returns is
 * good until the next call.
 *
 * Threads: every call is for the GPU thread that is its first argument and is
 * made on that thread's fiber. No call allocates for the caller or keeps a
 * pointer that it was given. A call that finds a fault (an access outside its
 * region, a misaligned one, a barrier that cannot be reached) does not return.
 */
#ifndef MOELORA_EMULATOR_KERNEL_H
#define MOELORA_EMULATOR_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_EMULATOR_VERSION 1u

/* Special registers, as PTX names them. */
typedef enum moelora_emulator_register {
  MOELORA_EMULATOR_TID_X = 0,
  MOELORA_EMULATOR_TID_Y = 1,
  MOELORA_EMULATOR_TID_Z = 2,
  MOELORA_EMULATOR_NTID_X = 3,
  MOELORA_EMULATOR_NTID_Y = 4,
  MOELORA_EMULATOR_NTID_Z = 5,
  MOELORA_EMULATOR_CTAID_X = 6,
  MOELORA_EMULATOR_CTAID_Y = 7,
  MOELORA_EMULATOR_CTAID_Z = 8,
  MOELORA_EMULATOR_NCTAID_X = 9,
  MOELORA_EMULATOR_NCTAID_Y = 10,
  MOELORA_EMULATOR_NCTAID_Z = 11,
  MOELORA_EMULATOR_LANEID = 12,
  MOELORA_EMULATOR_REGISTERS = 13,
} moelora_emulator_register;

/* What `access` is asked for. Bits may be combined. */
typedef enum moelora_emulator_access {
  MOELORA_EMULATOR_LOAD = 1,
  MOELORA_EMULATOR_STORE = 2,
  MOELORA_EMULATOR_ATOMIC = 4, /* both at once; the host's operation is atomic
                                  too, because blocks run side by side */
  MOELORA_EMULATOR_SHARED = 8, /* shared memory; without it: global memory */
} moelora_emulator_access;

typedef enum moelora_emulator_shuffle {
  MOELORA_EMULATOR_SHUFFLE_INDEX = 0,
  MOELORA_EMULATOR_SHUFFLE_UP = 1,
  MOELORA_EMULATOR_SHUFFLE_DOWN = 2,
  MOELORA_EMULATOR_SHUFFLE_BUTTERFLY = 3,
} moelora_emulator_shuffle;

typedef enum moelora_emulator_vote {
  MOELORA_EMULATOR_VOTE_ALL = 0,
  MOELORA_EMULATOR_VOTE_ANY = 1,
  MOELORA_EMULATOR_VOTE_UNIFORM = 2,
  MOELORA_EMULATOR_VOTE_BALLOT = 3,
} moelora_emulator_vote;

/* Of redux.sync, and of barriers that reduce (AND, OR, COUNT only). */
typedef enum moelora_emulator_reduction {
  MOELORA_EMULATOR_REDUCE_ADD = 0,
  MOELORA_EMULATOR_REDUCE_MIN_SIGNED = 1,
  MOELORA_EMULATOR_REDUCE_MAX_SIGNED = 2,
  MOELORA_EMULATOR_REDUCE_MIN_UNSIGNED = 3,
  MOELORA_EMULATOR_REDUCE_MAX_UNSIGNED = 4,
  MOELORA_EMULATOR_REDUCE_AND = 5,
  MOELORA_EMULATOR_REDUCE_OR = 6,
  MOELORA_EMULATOR_REDUCE_XOR = 7,
  MOELORA_EMULATOR_REDUCE_COUNT = 8,
} moelora_emulator_reduction;

/* mma.sync with f32 accumulators; rows of A and columns of B are contiguous. */
typedef enum moelora_emulator_mma {
  MOELORA_EMULATOR_MMA_M16N8K16_BF16 = 0, /* 4 registers of A, 2 of B */
  MOELORA_EMULATOR_MMA_M16N8K16_F16 = 1,
  MOELORA_EMULATOR_MMA_M16N8K8_BF16 = 2, /* 2 of A, 1 of B */
  MOELORA_EMULATOR_MMA_M16N8K8_F16 = 3,
} moelora_emulator_mma;

typedef enum moelora_emulator_scope {
  MOELORA_EMULATOR_SCOPE_BLOCK = 0,
  MOELORA_EMULATOR_SCOPE_DEVICE = 1,
  MOELORA_EMULATOR_SCOPE_SYSTEM = 2,
} moelora_emulator_scope;

/* Functions that the hardware approximates. The emulator computes them in f64
 * and rounds once. */
typedef enum moelora_emulator_math {
  MOELORA_EMULATOR_EX2 = 0,
  MOELORA_EMULATOR_LG2 = 1,
  MOELORA_EMULATOR_RCP = 2,
  MOELORA_EMULATOR_SQRT = 3,
  MOELORA_EMULATOR_RSQRT = 4,
  MOELORA_EMULATOR_SIN = 5,
  MOELORA_EMULATOR_COS = 6,
  MOELORA_EMULATOR_TANH = 7,
} moelora_emulator_math;

typedef struct moelora_emulator_calls moelora_emulator_calls;

/* A GPU thread; what follows `calls` is the emulator's. */
typedef struct moelora_emulator_thread {
  const moelora_emulator_calls *calls;
} moelora_emulator_thread;

/* `site` is an index into the sites of the kernel, the place of the call. A
 * `mask` names lanes of the warp, as in PTX; all of them must come, or none of
 * them goes on, and they come from the same site (of warp_barrier, from any).
 * As in PTX, only barriers and fences order memory. */
struct moelora_emulator_calls {
  uint32_t size, version; /* sizeof this struct, MOELORA_EMULATOR_VERSION */

  uint32_t (*special)(moelora_emulator_thread *, uint32_t which);

  /* The address of `bytes` bytes; `alignment` is what the instruction needs.
   * `kind`: moelora_emulator_access. */
  void *(*access)(moelora_emulator_thread *, void *pointer, uint32_t bytes,
                  uint32_t alignment, uint32_t kind, uint32_t site);
  /* The same address, which may now reach these bytes only. They must lie in
   * what the pointer may reach already. */
  void *(*bounded)(moelora_emulator_thread *, void *pointer, uint64_t bytes,
                   uint32_t site);
  /* The first byte of the block's dynamic shared memory. */
  void *(*shared)(moelora_emulator_thread *);
  /* The number of a pointer (ptrtoint); of shared memory, its offset. */
  uint64_t (*number)(moelora_emulator_thread *, void *pointer);

  /* bar.sync of barrier 0 to 15: `threads` of the block, all of them where it
   * is 0. */
  void (*barrier)(moelora_emulator_thread *, uint32_t barrier, uint32_t threads,
                  uint32_t site);
  /* bar.red: `value` counts as a truth value; COUNT returns how many hold. */
  uint32_t (*barrier_reduce)(moelora_emulator_thread *, uint32_t barrier,
                             uint32_t threads, uint32_t reduction,
                             uint32_t value, uint32_t site);
  void (*warp_barrier)(moelora_emulator_thread *, uint32_t mask, uint32_t site);
  /* membar, fence: what this thread wrote before is seen before what it writes
   * after. */
  void (*fence)(moelora_emulator_thread *, uint32_t scope, uint32_t site);

  /* shfl.sync; `lane` and `clamp` are its operands b and c. *inside is its
   * predicate; NULL is fine. From a lane that is not in the mask comes
   * 0xFFFFFFFF. */
  uint32_t (*shuffle)(moelora_emulator_thread *, uint32_t kind, uint32_t mask,
                      uint32_t value, uint32_t lane, uint32_t clamp,
                      uint32_t *inside, uint32_t site);
  uint32_t (*vote)(moelora_emulator_thread *, uint32_t kind, uint32_t mask,
                   uint32_t value, uint32_t site);
  /* match.any.sync: the lanes with the same value; `bits` is 32 or 64. */
  uint32_t (*match)(moelora_emulator_thread *, uint32_t mask, uint64_t value,
                    uint32_t bits, uint32_t site);
  uint32_t (*reduce)(moelora_emulator_thread *, uint32_t reduction,
                     uint32_t mask, uint32_t value, uint32_t site);

  /* ldmatrix .m8n8 .b16 of 1, 2 or 4 matrices; one register for each. */
  void (*load_matrix)(moelora_emulator_thread *, void *pointer,
                      uint32_t matrices, uint32_t transposed,
                      uint32_t *registers, uint32_t site);
  /* movmatrix .trans: the register of the transposed 8 x 8 matrix. */
  uint32_t (*move_matrix)(moelora_emulator_thread *, uint32_t value,
                          uint32_t site);
  /* d = a b + c; d may be c. */
  void (*mma)(moelora_emulator_thread *, uint32_t kind, const uint32_t *a,
              const uint32_t *b, const float *c, float *d, uint32_t site);

  /* cp.async of 4, 8 or 16 bytes from global to shared memory; of the source,
   * `from_bytes` are read, and the others are zero. */
  void (*copy_async)(moelora_emulator_thread *, void *to, void *from,
                     uint32_t bytes, uint32_t from_bytes, uint32_t site);
  void (*copy_commit)(moelora_emulator_thread *, uint32_t site);
  /* cp.async.wait_group: all groups but the last `pending` ones. */
  void (*copy_wait)(moelora_emulator_thread *, uint32_t pending, uint32_t site);
  void (*copy_wait_all)(moelora_emulator_thread *, uint32_t site);

  float (*math)(moelora_emulator_thread *, uint32_t function, float value);
};

/* A place in a kernel, for messages and counts. */
typedef struct moelora_emulated_site {
  const char *operation; /* "llvm.load", "nvvm.mma.sync" */
  const char *place;     /* its location in IR; "" where it has none */
} moelora_emulated_site;

/* `parameters` are those of moelora_launch, fields of one struct. */
typedef void (*moelora_emulated_function)(moelora_emulator_thread *,
                                          const void *parameters);

typedef struct moelora_emulated_kernel {
  const char *name;
  moelora_emulated_function run;
  uint32_t parameter_bytes;
  uint32_t sites;
  const moelora_emulated_site *site;
} moelora_emulated_kernel;

/* What `data` of a binary of kind MOELORA_BINARY_EMULATED is the address of. */
typedef struct moelora_emulated_module {
  uint32_t size, version; /* sizeof this struct, MOELORA_EMULATOR_VERSION */
  uint32_t architecture;  /* 80 for sm_80 */
  uint32_t kernels;
  const moelora_emulated_kernel *kernel;
} moelora_emulated_module;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_EMULATOR_KERNEL_H */
