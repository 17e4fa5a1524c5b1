/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slot table: the adapters that generated code can read.
 *
 * A slot holds one adapter: it is staged into pages of 16 ranks, published for
 * all layers by one 8-byte store into the directory, and evicted. An id
 * contains the slot's generation. Generations are not used again, so the id of
 * an earlier tenant never selects a later one.
 *
 * Runs read adapters through steps only (Step.h). A lease keeps an adapter in
 * its slot from before a step is entered until after it has left:
 *
 *     acquire(name) -> lease       the adapter keeps its slot
 *     enter  resolve  runs  leave  a step; tokens carry the id of the lease
 *     release(lease)
 *
 * An adapter is idle when it has no lease and the device is past all steps that
 * entered before the last release; on the cpu, also without unfinished stores.
 * Only idle adapters are evicted. Memory is freed when no step can read it.
 *
 * Threads: any number may call any function of one table at once. acquire and
 * release hold one lock for a short time and allocate no memory. No function
 * waits for the device while it holds the lock. Functions that take a stream
 * return INVALID while it is being captured into a graph. If the stream is NULL
 * and its work is done on return, a call waits for earlier stores to its slot
 * that are unfinished on other streams.
 */
#ifndef MOELORA_RUNTIME_SLOTTABLE_H
#define MOELORA_RUNTIME_SLOTTABLE_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Adapter.h"
#include "moelora/runtime/Device.h"
#include "moelora/runtime/Staging.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_slot_table moelora_slot_table;

/* Creates a table, which the caller destroys. Everything to which `options`
 * points is copied, except the device, which must outlive the table. */
MOELORA_API moelora_status
moelora_slot_table_create(const moelora_slot_table_options *options,
                          moelora_slot_table **table, moelora_error **error);

/* Waits for unfinished stores, and then frees the table. BUSY: a step of the
 * table exists, or an adapter is being loaded. NULL has no effect. */
MOELORA_API moelora_status moelora_slot_table_destroy(moelora_slot_table *table,
                                                      moelora_error **error);

/* The memory that `adapter` would take. Refuses the same adapters as assign. */
MOELORA_API moelora_status moelora_slot_table_estimate(
    const moelora_slot_table *table, const moelora_adapter *adapter,
    moelora_slot_cost *cost, moelora_error **error);

/* Copies an adapter into a slot under a unique name (1 to 255 bytes) and
 * publishes it: steps that enter from now on can read it. The adapter may be
 * closed afterwards. `staging` may be NULL. If no slot is free, or the table
 * would exceed max_bytes, the least recently used idle adapters are evicted,
 * after everything has been read without an error. FULL: too few adapters are
 * idle. INVALID: the name is used, a rank is above max_rank, or the adapter
 * alone is above max_bytes. CANCELLED: staging->progress requested it. */
MOELORA_API moelora_status moelora_slot_table_assign(
    moelora_slot_table *table, const char *name, const moelora_adapter *adapter,
    const moelora_staging *staging, int32_t *id, moelora_error **error);

/* Replaces a present adapter, which may be leased, by another one. Earlier work
 * on `stream` reads the old adapter. Later work on it, and steps that enter
 * later, read the new one. The id and the name stay the same, and the version
 * increases. DEVICE_LOST: the device failed after an earlier change. */
MOELORA_API moelora_status moelora_slot_table_replace(
    moelora_slot_table *table, int32_t id, const moelora_adapter *adapter,
    const moelora_staging *staging, moelora_stream *stream,
    moelora_error **error);

/* A lease, which must be released exactly once. Fixed. */
typedef struct moelora_lease {
  uint64_t pin;    /* identifies the lease */
  int32_t id;      /* the id for tokens */
  int32_t version; /* from 0, increased by each replace */
} moelora_lease;

/* NOT_FOUND: there is no adapter with this name. BUSY: it is being loaded. */
MOELORA_API moelora_status moelora_slot_table_acquire(moelora_slot_table *table,
                                                      const char *name,
                                                      moelora_lease *lease,
                                                      moelora_error **error);

/* Steps that have entered can still read the adapter. STALE: the lease was
 * released already, which is always detected for the last 64 leases. */
MOELORA_API moelora_status
moelora_slot_table_release(moelora_slot_table *table,
                           const moelora_lease *lease, moelora_error **error);

/* A disabled adapter (`enabled` 0) keeps its pages, id and leases, but its
 * tokens are base. In the order of `stream`, as replace. */
MOELORA_API moelora_status moelora_slot_table_enable(moelora_slot_table *table,
                                                     int32_t id,
                                                     int32_t enabled,
                                                     moelora_stream *stream,
                                                     moelora_error **error);

/* Evicts an adapter and ends its ids. BUSY: it is not idle. STALE: no present
 * adapter has this id. */
MOELORA_API moelora_status moelora_slot_table_evict(moelora_slot_table *table,
                                                    int32_t id,
                                                    moelora_error **error);

/* Evicts all adapters or none. BUSY: one is not idle, or is being loaded. */
MOELORA_API moelora_status moelora_slot_table_reset(moelora_slot_table *table,
                                                    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTTABLE_H */
