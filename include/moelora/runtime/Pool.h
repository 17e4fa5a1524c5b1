/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pool of threads behind `parallel_for`. An engine that has threads of its
 * own fills in `parallel_for` itself.
 *
 * Ownership: a pool belongs to whoever created it and must outlive every
 * services struct that was filled from it.
 * Threads: any number of threads may run layers through one pool at once. The
 * pool helps one of them at a time; the others do their tasks alone, on the
 * thread that called. Worker numbers are unique inside one parallel_for, so
 * runs that overlap need workspaces of their own, and nothing else.
 * Processes: a child of fork has none of the threads. There the pools of its
 * parent run all tasks on the thread that calls, with as many workers as
 * before, and destroying them leaves their memory. It may make its own.
 */
#ifndef MOELORA_RUNTIME_POOL_H
#define MOELORA_RUNTIME_POOL_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_pool moelora_pool;

/* The most threads that a pool may have. */
#define MOELORA_MAX_POOL_THREADS 1024

/* Makes a pool of `threads` workers, the calling thread counted as one of them;
 * 0: as many as this process may use, by its affinity and by the CPU quota of
 * its control group (Linux cgroups, rounded up). Idle workers sleep.
 * Errors: MOELORA_INVALID for a number out of range, MOELORA_OUT_OF_MEMORY when
 * the system gives no more threads. */
MOELORA_API moelora_status moelora_pool_create(int32_t threads,
                                               moelora_pool **pool,
                                               moelora_error **error);

/* Ends the threads. No parallel_for of this pool may be under way. NULL: no
 * effect. */
MOELORA_API void moelora_pool_destroy(moelora_pool *pool);

/* Workers of the pool, its callers counted as one; 0 for NULL. */
MOELORA_API int32_t moelora_pool_workers(const moelora_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_POOL_H */
