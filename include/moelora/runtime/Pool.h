/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pool of threads that implements `parallel_for`. An engine with threads of
 * its own can implement `parallel_for` itself.
 *
 * Ownership: the caller that creates a pool destroys it. It must outlive every
 * services struct that was filled from it.
 *
 * Threads: any number of threads may run layers with one pool at once. The
 * pool's threads help one of them at a time; the others run all of their tasks
 * themselves. Worker numbers are unique inside one parallel_for, so runs that
 * overlap only need separate workspaces.
 *
 * Processes: a child of fork does not have the pool's threads. There, the
 * parent's pools run all tasks on the calling thread, with the same number of
 * workers, and destroying them does not free their memory. A child may create
 * pools of its own.
 */
#ifndef MOELORA_RUNTIME_POOL_H
#define MOELORA_RUNTIME_POOL_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_pool moelora_pool;

/* The largest number of threads of a pool. */
#define MOELORA_MAX_POOL_THREADS 1024

/* Creates a pool of `threads` workers, of which the calling thread is one. 0
 * means as many as this process may use, according to its affinity and the CPU
 * quota of its control group (Linux cgroups, rounded up). Idle workers sleep.
 * Errors: MOELORA_INVALID if the number is out of range, MOELORA_OUT_OF_MEMORY
 * if the system cannot create the threads. */
MOELORA_API moelora_status moelora_pool_create(int32_t threads,
                                               moelora_pool **pool,
                                               moelora_error **error);

/* Ends the threads. No parallel_for of this pool may be running. NULL has no
 * effect. */
MOELORA_API void moelora_pool_destroy(moelora_pool *pool);

/* The number of workers, including one for the calling threads. 0 for NULL. */
MOELORA_API int32_t moelora_pool_workers(const moelora_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_POOL_H */
