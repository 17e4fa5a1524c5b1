/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads of several peer ranks, each with a slot table of its own, whose ids
 * must be the same: moelora_slot_table_assign and replace in two steps.
 *
 *     each rank    stage                      takes time, publishes nothing
 *     all          agree on a slot, and on the largest generation
 *     each rank    publish_at or abandon      all the same, between the same
 *                                             two steps
 *
 * Evictions go likewise: all ranks evict_at, with one slot and one generation.
 */
#ifndef MOELORA_RUNTIME_SLOTPUBLISH_H
#define MOELORA_RUNTIME_SLOTPUBLISH_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_staged moelora_staged;

/* Reads, converts and copies to the device, and keeps the name; a free slot is
 * kept too, if there is one. `name` NULL: to replace `id`. Fails as assign and
 * replace do. The caller publishes or abandons *staged; until then the table
 * cannot be destroyed. */
MOELORA_API moelora_status moelora_slot_table_stage(
    moelora_slot_table *table, const char *name, int32_t id,
    const moelora_adapter *adapter, const moelora_staging *staging,
    moelora_staged **staged, moelora_error **error);

/* What this table would use now. FULL: no slot is free, and nobody is idle. */
MOELORA_API moelora_status moelora_staged_target(moelora_staged *staged,
                                                 int32_t *slot,
                                                 uint32_t *generation,
                                                 moelora_error **error);

/* NULL is fine. */
MOELORA_API void moelora_staged_abandon(moelora_staged *staged);

/* Publishes exactly there, in the order of `stream`, which is that of the
 * steps, and ends `staged`. Or fails, has changed nothing, and `staged` goes
 * on. The slot's tenant, if it has one, is evicted; it must be idle (BUSY). The
 * generation must be above the slot's, or be that of a free slot; of a replace,
 * slot and generation are those of the present id. FULL: max_bytes would be
 * passed; nobody else is evicted. */
MOELORA_API moelora_status moelora_slot_table_publish_at(
    moelora_slot_table *table, moelora_staged *staged, int32_t slot,
    uint32_t generation, moelora_stream *stream, int32_t *id,
    moelora_error **error);

/* Ends the idle adapter of a slot, in the order of `stream`; the next one has
 * at least this generation, which must be above the present one. Behind the
 * last generation there is one more, which closes the slot. STALE: there is no
 * adapter in it. */
MOELORA_API moelora_status moelora_slot_table_evict_at(
    moelora_slot_table *table, int32_t slot, uint32_t generation,
    moelora_stream *stream, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTPUBLISH_H */
