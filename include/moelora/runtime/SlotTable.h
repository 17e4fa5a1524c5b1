/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slot table: adapters as generated code reads them, side by side.
 *
 * A slot holds one adapter: reserved, staged into pages of 16 ranks, published
 * by one 8-byte store into the directory for all layers at once, and evicted.
 * An id carries the slot's generation, and no generation comes back, so an id
 * of an earlier tenant never reaches a later one.
 *
 * Runs reach adapters through steps only (Step.h). A lease keeps an adapter in
 * its slot from before a step is entered until after it has left:
 *
 *     acquire(name) -> lease      the adapter keeps its slot; tokens carry the
 * id enter, resolve, runs, leave a step release(lease)
 *
 * An adapter is idle when no lease is out and all steps that entered before the
 * last release are past; on the cpu, when no store of it is on its way, either.
 * Only idle adapters are evicted. Memory is given back when no step can still
 * read it, whether its ids were leased or not.
 *
 * Threads: any number may call any function of one table at once. acquire and
 * release hold one lock for a moment, and allocate nothing; nothing waits for
 * the device under that lock. Functions that take a stream are refused
 * (INVALID) while it is being captured into a graph. On a stream NULL whose
 * work is done on return, a call waits for earlier stores of its slot that are
 * on their way on other streams.
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

/* The caller destroys *table. What `options` points to is copied, but for the
 * device, which must outlive the table. */
MOELORA_API moelora_status
moelora_slot_table_create(const moelora_slot_table_options *options,
                          moelora_slot_table **table, moelora_error **error);

/* Waits for stores that are on their way, then frees all. BUSY: a step of it is
 * there, or an adapter is being loaded. NULL is fine. */
MOELORA_API moelora_status moelora_slot_table_destroy(moelora_slot_table *table,
                                                      moelora_error **error);

/* What `adapter` would take here; the same refusals as assign. */
MOELORA_API moelora_status moelora_slot_table_estimate(
    const moelora_slot_table *table, const moelora_adapter *adapter,
    moelora_slot_cost *cost, moelora_error **error);

/* Copies an adapter into a slot under a name of its own (1 to 255 bytes) and
 * publishes it: steps that enter from now on are served with it. The adapter
 * may be closed afterwards. `staging` may be NULL. Where no slot is free, or
 * max_bytes would be passed, the least recently used idle adapters are evicted,
 * when everything has been read without a fault.
 * FULL: too few are idle. INVALID: the name is taken, a rank is above max_rank,
 * or the adapter alone is above max_bytes. CANCELLED: by staging->progress. */
MOELORA_API moelora_status moelora_slot_table_assign(
    moelora_slot_table *table, const char *name, const moelora_adapter *adapter,
    const moelora_staging *staging, int32_t *id, moelora_error **error);

/* Puts another adapter into the place of a present one, which may be leased.
 * What was on `stream` before sees the old one, what comes later, and each step
 * that enters later, the new one. The id and the name stay, the version grows.
 * DEVICE_LOST: the device failed behind an earlier change of it. */
MOELORA_API moelora_status moelora_slot_table_replace(
    moelora_slot_table *table, int32_t id, const moelora_adapter *adapter,
    const moelora_staging *staging, moelora_stream *stream,
    moelora_error **error);

/* To be given back by exactly one release. Fixed. */
typedef struct moelora_lease {
  uint64_t pin;    /* what the lease holds */
  int32_t id;      /* what tokens carry */
  int32_t version; /* 0; grows with each replace */
} moelora_lease;

/* NOT_FOUND: there is no adapter of that name. BUSY: it is being loaded. */
MOELORA_API moelora_status moelora_slot_table_acquire(moelora_slot_table *table,
                                                      const char *name,
                                                      moelora_lease *lease,
                                                      moelora_error **error);

/* Steps that have entered are still served. STALE: it has ended already, as far
 * as can be told, which is always so for the last 64 leases of an adapter. */
MOELORA_API moelora_status
moelora_slot_table_release(moelora_slot_table *table,
                           const moelora_lease *lease, moelora_error **error);

/* A disabled adapter (0) keeps its pages, its id and its leases, but serves
 * base output. In the order of `stream`, as replace. */
MOELORA_API moelora_status moelora_slot_table_enable(moelora_slot_table *table,
                                                     int32_t id,
                                                     int32_t enabled,
                                                     moelora_stream *stream,
                                                     moelora_error **error);

/* Ends an adapter and its ids. BUSY: it is not idle. STALE: not the id of a
 * present adapter. */
MOELORA_API moelora_status moelora_slot_table_evict(moelora_slot_table *table,
                                                    int32_t id,
                                                    moelora_error **error);

/* Evicts all or none. BUSY: one is not idle, or is being loaded. */
MOELORA_API moelora_status moelora_slot_table_reset(moelora_slot_table *table,
                                                    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTTABLE_H */
