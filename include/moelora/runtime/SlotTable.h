/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slot table: adapters as generated code reads them, side by side.
 *
 * A slot holds one adapter, staged into pages of 16 ranks (moelora_pair) and
 * then published by one 8-byte store into the directory, for all layers at
 * once. A load that fails leaves the table as it was. An id carries the slot's
 * generation, so an id of an earlier tenant never reaches a later one.
 *
 * Threads: any number may call any function of one table at once; runs read the
 * directory without a lock. Memory of a slot is freed by evict, which refuses
 * while somebody has it acquired: acquire before a run, release after it.
 */
#ifndef MOELORA_RUNTIME_SLOTTABLE_H
#define MOELORA_RUNTIME_SLOTTABLE_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Adapter.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_slot_table_options {
  int32_t slots;         /* 1 .. 65536 */
  int32_t max_rank;      /* of every pair: 1 .. 65536 */
  int32_t dtype;         /* moelora_dtype of the pages: F32, F16 or BF16 */
  int32_t page_order;    /* moelora_page_order */
  const int32_t *layers; /* layer numbers to keep; NULL: all */
  int32_t layer_count;
  int32_t reserved; /* 0 */
} moelora_slot_table_options;

typedef struct moelora_slot_table moelora_slot_table;

/* The caller destroys *table. */
MOELORA_API moelora_status
moelora_slot_table_create(const moelora_slot_table_options *options,
                          moelora_slot_table **table, moelora_error **error);

/* Frees everything, acquired or not; no run may be under way. NULL is fine. */
MOELORA_API void moelora_slot_table_destroy(moelora_slot_table *table);

/* Bytes that `adapter` would take in this table. */
MOELORA_API moelora_status moelora_slot_table_estimate(
    const moelora_slot_table *table, const moelora_adapter *adapter,
    uint64_t *bytes, moelora_error **error);

/* Copies an adapter into a free slot under a name of its own and publishes it.
 * The adapter may be closed afterwards. FULL: no slot is free. INVALID: the
 * name is taken, or a rank is above max_rank. */
MOELORA_API moelora_status moelora_slot_table_assign(
    moelora_slot_table *table, const char *name, const moelora_adapter *adapter,
    int32_t *id, moelora_error **error);

/* Pins an adapter and answers the id that tokens carry. Pins are counted.
 * NOT_FOUND: there is no adapter of that name. */
MOELORA_API moelora_status moelora_slot_table_acquire(moelora_slot_table *table,
                                                      const char *name,
                                                      int32_t *id,
                                                      moelora_error **error);

/* Undoes one acquire. STALE: not an id of a present adapter; INVALID: it is
 * not acquired. */
MOELORA_API moelora_status moelora_slot_table_release(moelora_slot_table *table,
                                                      int32_t id,
                                                      moelora_error **error);

/* Retires an adapter, frees its pages and ends its ids. BUSY while acquired;
 * STALE as above. */
MOELORA_API moelora_status moelora_slot_table_evict(moelora_slot_table *table,
                                                    int32_t id,
                                                    moelora_error **error);

/* A disabled adapter keeps its pages and its id, but serves base output. Runs
 * that have begun keep what they saw. */
MOELORA_API moelora_status moelora_slot_table_enable(moelora_slot_table *table,
                                                     int32_t id,
                                                     int32_t enabled,
                                                     moelora_error **error);

/* Bytes of pages and indices in use. */
MOELORA_API uint64_t moelora_slot_table_bytes(const moelora_slot_table *table);

/* What a run of `layer` reads. The entries' address never changes. */
MOELORA_API void moelora_slot_table_directory(const moelora_slot_table *table,
                                              int32_t layer,
                                              moelora_directory *directory);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTTABLE_H */
