/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loading in two steps, for several peer ranks that each have a slot table and
 * must agree on ids: first stage, then publish. The two steps together do the
 * same as moelora_slot_table_assign or replace.
 *
 *     each rank    stage                      takes time, publishes nothing
 *     all          agree on a slot, and on the largest generation
 *     each rank    publish_at or abandon      all the same, between the same
 *                                             two steps
 *
 * To evict an adapter, all ranks call evict_at with the same slot and
 * generation.
 */
#ifndef MOELORA_RUNTIME_SLOTPUBLISH_H
#define MOELORA_RUNTIME_SLOTPUBLISH_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_staged moelora_staged;

/* Reads and converts an adapter, copies it to the device, and reserves its name
 * and, if there is one, a free slot. If `name` is NULL, the adapter will
 * replace `id`. Fails as assign and replace do. The caller publishes or
 * abandons *staged. The table cannot be destroyed before that. */
MOELORA_API moelora_status moelora_slot_table_stage(
    moelora_slot_table *table, const char *name, int32_t id,
    const moelora_adapter *adapter, const moelora_staging *staging,
    moelora_staged **staged, moelora_error **error);

/* Returns the slot and the generation that this table would use now. FULL: no
 * slot is free, and no adapter is idle. */
MOELORA_API moelora_status moelora_staged_target(moelora_staged *staged,
                                                 int32_t *slot,
                                                 uint32_t *generation,
                                                 moelora_error **error);

/* Frees a staged adapter that is not published. NULL has no effect. */
MOELORA_API void moelora_staged_abandon(moelora_staged *staged);

/* Publishes the adapter in this slot with this generation, in the order of
 * `stream`, which must be that of the steps, and frees `staged`. If it fails,
 * it has no effect, and `staged` remains valid. If the slot has a tenant, it is
 * evicted; it must be idle (BUSY). The generation must be above that of the
 * slot, or be that of a free slot. A replacement uses the slot and the
 * generation of the present id. FULL: the table would exceed max_bytes; no
 * other adapter is evicted. */
MOELORA_API moelora_status moelora_slot_table_publish_at(
    moelora_slot_table *table, moelora_staged *staged, int32_t slot,
    uint32_t generation, moelora_stream *stream, int32_t *id,
    moelora_error **error);

/* Evicts the idle adapter of a slot, in the order of `stream`. The next adapter
 * has at least this generation, which must be above the present one. The number
 * after the last generation closes the slot. STALE: the slot has no adapter. */
MOELORA_API moelora_status moelora_slot_table_evict_at(
    moelora_slot_table *table, int32_t slot, uint32_t generation,
    moelora_stream *stream, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTPUBLISH_H */
