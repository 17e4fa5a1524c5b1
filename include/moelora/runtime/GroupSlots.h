/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Changes of the slot tables of all peer ranks of a group: an adapter is
 * published, or evicted, on all of them or on none, with the same id.
 *
 *     each rank    moelora_slot_table_stage     takes time, publishes nothing
 *     all          moelora_group_publish        between the same two steps
 *
 * All peer ranks make the same calls in the same order, with tables that have
 * the same number of slots and equal adapters. A call takes three or four
 * messages, in this order:
 *
 *     state    each states what it has staged, and its table
 *     decide   each computes the same decision from all statements
 *     vote     each checks that its table can make the change, and states it;
 *              until the call ends, the table accepts no other change (BUSY)
 *     make     each makes the change if all have voted for it
 *
 * A failure before the vote is over, such as a file that is damaged on one peer
 * rank, ends the call on all peer ranks with the status and the text of the
 * lowest one that failed. No table has changed, and the group stays usable.
 *
 * PEER_LOST: this peer rank has not received all votes. It has not made the
 * change. If the loss came before the votes were sent, no other has. If it came
 * meanwhile, others may have received all votes and made the change; no
 * protocol can exclude this. The group is unusable then on all of them, and the
 * engine makes a new one of the ranks that are left. They call
 * moelora_group_reconcile, which makes the change on all if one has made it,
 * and otherwise on none. Until then no rank may run a step with the adapter.
 * The same applies to any other status after which the group is unusable: this
 * peer rank has no memory, or its device failed, after it had voted.
 *
 * The tables must be in memory of the host (UNSUPPORTED otherwise). A group
 * that is used here is not used by another thread meanwhile; the table may be.
 */
#ifndef MOELORA_RUNTIME_GROUPSLOTS_H
#define MOELORA_RUNTIME_GROUPSLOTS_H

#include "moelora/runtime/Group.h"
#include "moelora/runtime/SlotPublish.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Publishes a staged adapter on all peer ranks, in the order of `stream`, which
 * must be that of the steps. Each has staged an adapter under the same name, or
 * in the place of the same id. A peer rank that could not passes NULL for
 * `staged`, and the error in `failed`, which is borrowed and otherwise NULL;
 * then none publishes.
 *
 * A new adapter gets the lowest slot that is free on all peer ranks, or else
 * that of the adapter that is idle on all and was least recently used on peer
 * rank 0, which is evicted. Its generation is the largest of the next ones. A
 * replacement keeps its slot, id and name. On success `staged` is freed.
 * Otherwise it remains valid, and can be published again or abandoned.
 *
 * INVALID: the names, the replaced ids or the tables differ; the text has both
 * values. FULL: no slot is free and no adapter is idle on all, or a table would
 * exceed max_bytes; no adapter is evicted for that. */
MOELORA_API moelora_status moelora_group_publish(
    moelora_group *group, moelora_slot_table *table, moelora_staged *staged,
    const moelora_error *failed, moelora_stream *stream, int32_t *id,
    moelora_error **error);

/* Evicts an adapter on all peer ranks, which state the same id. BUSY: it is not
 * idle on one of them. STALE: no adapter has this id. */
MOELORA_API moelora_status moelora_group_evict(moelora_group *group,
                                               moelora_slot_table *table,
                                               int32_t id,
                                               moelora_stream *stream,
                                               moelora_error **error);

/* Makes the tables equal after a call was interrupted, or tells in what they
 * differ. All ranks of the new group call it, before they use their tables.
 *
 * What happens in a slot has an order: free, with its next generation; an
 * adapter of this generation; its versions; free, with a later generation. Each
 * slot is brought to the furthest state that it has on a peer rank. For a new
 * adapter or version this needs what is staged: a peer rank passes what its
 * interrupted moelora_group_publish has left, or NULL. If this call publishes
 * it, it frees `staged` and returns the id. Otherwise the id is -1, and
 * `staged` remains valid.
 *
 * INVALID: a peer rank lacks an adapter and has not staged it, or adapters
 * differ; the text names the slot and both values, and nothing has changed. The
 * engine then loads the adapter there with moelora_slot_table_publish_at, or
 * evicts it elsewhere, and calls again. BUSY: an adapter that is to be evicted
 * is not idle on a peer rank. */
MOELORA_API moelora_status moelora_group_reconcile(
    moelora_group *group, moelora_slot_table *table, moelora_staged *staged,
    moelora_stream *stream, int32_t *id, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_GROUPSLOTS_H */
