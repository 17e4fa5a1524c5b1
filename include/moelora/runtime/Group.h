/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Groups: the peer ranks that share a model, and what they exchange.
 *
 * The peer ranks form a grid of dp x ep x tp. The one with the coordinates
 * (dp, ep, tp) is number (dp * ep_size + ep) * tp_size + tp.
 *
 *     create  reserve   once
 *     set_tokens        once per step, on each peer rank with the same numbers
 *     run               by layers, or by the engine itself
 *
 * Sums are computed by the group in ascending order of the peer ranks, never by
 * the transport, so all transports give the same bits.
 *
 * Errors: after a call of `share_tokens` or `run` that fails, for whatever
 * reason, the group is unusable. It aborts its transport, so that peer ranks
 * fail too instead of waiting, and all later calls return the first status. An
 * engine then destroys the group on all peer ranks and makes a new one.
 *
 * Threads: one call at a time. A group is used by the thread, or in the stream
 * order, of the runs of its layers; two passes at once need two groups.
 */
#ifndef MOELORA_RUNTIME_GROUP_H
#define MOELORA_RUNTIME_GROUP_H

#include "moelora/runtime/Exchange.h"
#include "moelora/runtime/Transport.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_group_options {
  uint32_t size, reserved;
  int32_t dp, ep, tp;  /* each at least 1; their product is the number of peer
                          ranks of the transport */
  int32_t deadline_ms; /* 0: 8000 */
} moelora_group_options;

/* Makes a group on all peer ranks of a transport, at the same time and with the
 * same options. Splits the transport, which must outlive the group and which
 * only the group uses until then. The caller destroys *group. */
MOELORA_API moelora_status moelora_group_create(
    const moelora_transport *transport, const moelora_group_options *options,
    moelora_group **group, moelora_error **error);

/* Does not wait for other peer ranks. BUSY: layers are bound to the group, or
 * steps have joined it. NULL has no effect. */
MOELORA_API moelora_status moelora_group_destroy(moelora_group *group,
                                                 moelora_error **error);

/* What generated code reads of the group. NULL for NULL. */
MOELORA_API const moelora_group_view *
moelora_group_view_of(const moelora_group *group);

/* How long an exchange waits for other peer ranks, in milliseconds, at least
 * 1. It includes all messages of the exchange. */
MOELORA_API moelora_status moelora_group_set_deadline(moelora_group *group,
                                                      int32_t deadline_ms,
                                                      moelora_error **error);

/* Allocates the memory for exchanges of at most max_rows rows of each peer
 * rank, whose operands have together at most row_bytes per row. It only grows.
 * `run` allocates nothing, and refuses what has not been reserved; an
 * all-gather of one operand without a pitch needs no memory. */
MOELORA_API moelora_status moelora_group_reserve(moelora_group *group,
                                                 int64_t max_rows,
                                                 uint64_t row_bytes,
                                                 moelora_error **error);

/* Sets the number of tokens of each peer rank for the next step. tokens is
 * [ranks]. Before the first call, all have 0. Sends nothing. All runs of the
 * last step must be done, on streams too. */
MOELORA_API moelora_status moelora_group_set_tokens(moelora_group *group,
                                                    const int64_t *tokens,
                                                    moelora_error **error);

/* The same, for engines in which each peer rank knows only its own number:
 * sends it to the others, and sets what all have sent. */
MOELORA_API moelora_status moelora_group_share_tokens(moelora_group *group,
                                                      int64_t tokens,
                                                      moelora_error **error);

/* Makes an exchange. exchange->group is the view of this group. */
MOELORA_API moelora_status moelora_group_run(moelora_group *group,
                                             const moelora_exchange *exchange,
                                             moelora_error **error);

/* OK, or the status and the text of the first error of the group. */
MOELORA_API moelora_status moelora_group_health(const moelora_group *group,
                                                moelora_error **error);

typedef struct moelora_exchange_stats {
  uint64_t exchanges;
  uint64_t messages;       /* calls of the transport */
  uint64_t sent, received; /* bytes to and from other peer ranks */
} moelora_exchange_stats;

typedef struct moelora_group_stats {
  uint32_t size, reserved;
  /* all_gather: also of share_tokens, steps and changes of slot tables */
  moelora_exchange_stats all_gather, reduce;
  uint64_t unmatched_ids; /* that resolved on their peer rank, but not on this
                             one: the slot tables differ (GroupStep.h) */
} moelora_group_stats;

/* Counts since the group was made. */
MOELORA_API moelora_status moelora_group_read_stats(const moelora_group *group,
                                                    moelora_group_stats *stats,
                                                    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_GROUP_H */
