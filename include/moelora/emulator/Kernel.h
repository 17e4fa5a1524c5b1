/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The interface between the emulator and a GPU kernel that was compiled for the
 * host.
 *
 * The emulator runs one fiber per GPU thread. A kernel is one function that all
 * threads of the grid call. Everything that a GPU does differently from a host
 * is a call into the emulator: special registers, memory, barriers, operations
 * of a whole warp, matrices, asynchronous copies. Everything else is ordinary
 * host code.
 *
 * Pointers. The low 48 bits of a pointer are an address. The high 16 bits are
 * the number of a region, which is the memory that the pointer may reach.
 * Pointer arithmetic keeps the number, `bounded` returns a pointer to a new
 * region, and `access` checks the region and returns an address without the
 * number. Number 0 stands for the whole allocation that holds the address: an
 * allocation of the device, or the shared memory of the thread block. A kernel
 * dereferences only pointers that `access` has returned, and only until its
 * next call. It does not store pointers: it stores the result of `number`,
 * which has no region.
 *
 * Threads. The first argument of every call is the GPU thread that calls, and
 * the call runs on the fiber of that thread. No call allocates memory that the
 * caller has to free, and no call keeps a pointer that it receives, except that
 * copy_async keeps both addresses until the wait for its group. A call that
 * finds a fault does not return. Faults are, for example, an access outside its
 * region, a misaligned access, and a barrier with a wrong number of threads.
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

/* The kinds of access that `access` checks. Bits may be combined. */
typedef enum moelora_emulator_access {
  MOELORA_EMULATOR_LOAD = 1,
  MOELORA_EMULATOR_STORE = 2,
  MOELORA_EMULATOR_ATOMIC = 4, /* load and store; the host's operation must
                                  be atomic, as blocks run in parallel */
  MOELORA_EMULATOR_SHARED = 8, /* in shared instead of global memory */
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

/* Reductions of redux.sync (not COUNT) and of bar.red (AND, OR, COUNT). */
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

/* mma.sync with f32 accumulators, a row-major A and a column-major B. */
typedef enum moelora_emulator_mma {
  MOELORA_EMULATOR_MMA_M16N8K16_BF16 = 0, /* A has 4 registers, B 2 */
  MOELORA_EMULATOR_MMA_M16N8K16_F16 = 1,
  MOELORA_EMULATOR_MMA_M16N8K8_BF16 = 2, /* A has 2 registers, B 1 */
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

/* A GPU thread. The emulator keeps its own data after `calls`. */
typedef struct moelora_emulator_thread {
  const moelora_emulator_calls *calls;
} moelora_emulator_thread;

/* `site` is the place of the call in the kernel, as an index into the sites of
 * the kernel. A `mask` names lanes of the warp, as in PTX. The call returns
 * when all of these lanes have made it from the same site; for warp_barrier,
 * the sites may differ. As in PTX, only barriers and fences order memory. */
struct moelora_emulator_calls {
  uint32_t size, version; /* sizeof this struct, MOELORA_EMULATOR_VERSION */

  /* The value of a special register. `which` is a moelora_emulator_register. */
  uint32_t (*special)(moelora_emulator_thread *, uint32_t which);

  /* Checks an access to `bytes` bytes and returns their address. `alignment` is
   * in bytes, and `kind` consists of bits of moelora_emulator_access. */
  void *(*access)(moelora_emulator_thread *, void *pointer, uint32_t bytes,
                  uint32_t alignment, uint32_t kind, uint32_t site);
  /* A pointer to the same address whose region is the next `bytes` bytes. They
   * must lie in the region of `pointer`. */
  void *(*bounded)(moelora_emulator_thread *, void *pointer, uint64_t bytes,
                   uint32_t site);
  /* The first byte of the dynamic shared memory of the thread block. */
  void *(*shared)(moelora_emulator_thread *);
  /* The value of ptrtoint: for a pointer to shared memory its offset there in
   * bytes, and for any other pointer its address. */
  uint64_t (*number)(moelora_emulator_thread *, void *pointer);

  /* bar.sync of a barrier from 0 to 15. `threads` is the number of threads that
   * the barrier waits for; 0 stands for all threads of the thread block. */
  void (*barrier)(moelora_emulator_thread *, uint32_t barrier, uint32_t threads,
                  uint32_t site);
  /* bar.red. A `value` is true if it is not 0. COUNT counts the true ones. */
  uint32_t (*barrier_reduce)(moelora_emulator_thread *, uint32_t barrier,
                             uint32_t threads, uint32_t reduction,
                             uint32_t value, uint32_t site);
  void (*warp_barrier)(moelora_emulator_thread *, uint32_t mask, uint32_t site);
  /* membar, fence: what this thread wrote before is visible before what it
   * writes after. `scope` is a moelora_emulator_scope. */
  void (*fence)(moelora_emulator_thread *, uint32_t scope, uint32_t site);

  /* shfl.sync. `lane` and `clamp` are its operands b and c, and *inside
   * receives its predicate; `inside` may be NULL. The value of a lane that is
   * not in the mask is 0xFFFFFFFF. */
  uint32_t (*shuffle)(moelora_emulator_thread *, uint32_t kind, uint32_t mask,
                      uint32_t value, uint32_t lane, uint32_t clamp,
                      uint32_t *inside, uint32_t site);
  uint32_t (*vote)(moelora_emulator_thread *, uint32_t kind, uint32_t mask,
                   uint32_t value, uint32_t site);
  /* match.any.sync: the lanes that have the same value of 32 or 64 `bits`. */
  uint32_t (*match)(moelora_emulator_thread *, uint32_t mask, uint64_t value,
                    uint32_t bits, uint32_t site);
  uint32_t (*reduce)(moelora_emulator_thread *, uint32_t reduction,
                     uint32_t mask, uint32_t value, uint32_t site);

  /* ldmatrix .m8n8 .b16 of 1, 2 or 4 matrices. `registers` has one element for
   * each matrix. */
  void (*load_matrix)(moelora_emulator_thread *, void *pointer,
                      uint32_t matrices, uint32_t transposed,
                      uint32_t *registers, uint32_t site);
  /* movmatrix .trans: this lane's register of the transposed 8 x 8 matrix. */
  uint32_t (*move_matrix)(moelora_emulator_thread *, uint32_t value,
                          uint32_t site);
  /* mma.sync: d = a b + c. `kind` is a moelora_emulator_mma. `d` may be the
   * same array as `c`. */
  void (*mma)(moelora_emulator_thread *, uint32_t kind, const uint32_t *a,
              const uint32_t *b, const float *c, float *d, uint32_t site);

  /* cp.async of 4, 8 or 16 bytes from global to shared memory. It reads only
   * `from_bytes` bytes and fills the rest of the destination with zeros. */
  void (*copy_async)(moelora_emulator_thread *, void *to, void *from,
                     uint32_t bytes, uint32_t from_bytes, uint32_t site);
  void (*copy_commit)(moelora_emulator_thread *, uint32_t site);
  /* cp.async.wait_group: waits for all groups but the last `pending` ones. */
  void (*copy_wait)(moelora_emulator_thread *, uint32_t pending, uint32_t site);
  void (*copy_wait_all)(moelora_emulator_thread *, uint32_t site);

  /* `function` is a moelora_emulator_math. */
  float (*math)(moelora_emulator_thread *, uint32_t function, float value);
};

/* A place in a kernel, for messages and counts. */
typedef struct moelora_emulated_site {
  const char *operation; /* "llvm.load", "nvvm.mma.sync" */
  const char *place;     /* its location in the IR; "" if it has none */
} moelora_emulated_site;

/* A kernel. `parameters` points to the parameters of its moelora_launch, which
 * are the fields of one struct. */
typedef void (*moelora_emulated_function)(moelora_emulator_thread *,
                                          const void *parameters);

typedef struct moelora_emulated_kernel {
  const char *name;
  moelora_emulated_function run;
  uint32_t parameter_bytes;
  uint32_t sites;
  const moelora_emulated_site *site;
} moelora_emulated_kernel;

/* The kernels of a module. The field `data` of a binary of the kind
 * MOELORA_BINARY_EMULATED is the address of this struct, which has to stay
 * valid as long as its kernels are used. */
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
