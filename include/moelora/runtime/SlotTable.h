/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slot table: adapters as generated code reads them, side by side.
 *
 * A slot holds one adapter: reserved, staged into pages of 16 ranks
 * (moelora_pair), published by one 8-byte store into the directory for all
 * layers at once, and retired. An id carries the slot's generation, so an id of
 * an earlier tenant never reaches a later one.
 *
 * The rule for runs: every id of a run is leased from before the run is asked
 * for until it has been asked for.
 *
 *     acquire(name) -> lease      the adapter keeps its slot and its memory
 *     launch on a stream          or replay a graph; tokens carry lease.id
 *     release(lease, stream)      holds until the stream is past the launch
 *
 * An adapter is idle when no lease is out and no stream is still before a
 * release. Only idle adapters are evicted, and memory is given back only when
 * nobody who leased it can still read it. Ids that are not leased are served
 * too while their adapter is there; ids of adapters that are gone are base.
 *
 * Threads: any number may call any function of one table at once. acquire and
 * release hold one lock for a moment and allocate nothing, but for the events
 * of a stream's first releases; runs take no lock. Only the destructor waits.
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

/* Waits for streams named to it, then frees all. NULL is fine. */
MOELORA_API void moelora_slot_table_destroy(moelora_slot_table *table);

/* What `adapter` would take here; the same refusals as assign. */
MOELORA_API moelora_status moelora_slot_table_estimate(
    const moelora_slot_table *table, const moelora_adapter *adapter,
    moelora_slot_cost *cost, moelora_error **error);

/* Copies an adapter into a slot under a name of its own (1 to 255 bytes) and
 * publishes it; the adapter may be closed afterwards. `staging` may be NULL.
 * Where no slot is free, or max_bytes would be passed, the least recently used
 * idle adapters are evicted, when everything has been read without a fault.
 * FULL: too few are idle. INVALID: the name is taken, a rank is above max_rank,
 * or the adapter alone is above max_bytes. CANCELLED: by staging->progress. */
MOELORA_API moelora_status moelora_slot_table_assign(
    moelora_slot_table *table, const char *name, const moelora_adapter *adapter,
    const moelora_staging *staging, int32_t *id, moelora_error **error);

/* Puts another adapter into the place of a present one, which may be leased.
 * What was on `stream` before sees the old one, what comes later the new one;
 * other streams see either, whole. The id and the name stay, the version grows.
 * BUSY: an earlier change of it, on another stream, is still on its way. */
MOELORA_API moelora_status moelora_slot_table_replace(
    moelora_slot_table *table, int32_t id, const moelora_adapter *adapter,
    const moelora_staging *staging, moelora_stream *stream,
    moelora_error **error);

/* To be given back by exactly one release. */
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

/* The lease ends when `stream` has done what is on it now. STALE: it has ended
 * already, as far as can be told. */
MOELORA_API moelora_status moelora_slot_table_release(
    moelora_slot_table *table, const moelora_lease *lease,
    moelora_stream *stream, moelora_error **error);

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

/* What a run of `layer` reads, on the table's device; never moves. */
MOELORA_API void moelora_slot_table_directory(const moelora_slot_table *table,
                                              int32_t layer,
                                              moelora_directory *directory);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTTABLE_H */
