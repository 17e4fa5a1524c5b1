/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a slot table holds and what has happened in it.
 */
#ifndef MOELORA_RUNTIME_SLOTSTATS_H
#define MOELORA_RUNTIME_SLOTSTATS_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Counters grow from the creation of the table on; the others are of now. */
typedef struct moelora_slot_table_stats {
  /* of now */
  int32_t slots, used_slots, leased_slots, reserved_slots;
  moelora_slot_cost held; /* by present adapters, summed */
  uint64_t retired_bytes; /* waiting for their last readers */
  uint64_t retired_blocks;
  /* counters */
  uint64_t hits, misses; /* acquire found the name, or did not */
  uint64_t loads, replaced, failed_loads, cancelled_loads;
  uint64_t evictions;      /* to make room */
  uint64_t removals;       /* by evict and reset */
  uint64_t full, busy;     /* answers */
  uint64_t stale_calls;    /* ids and leases that were of the past */
  moelora_id_counters ids; /* of runs that used the table's directory */
  uint64_t read_bytes;     /* from files, of loads that succeeded */
  /* nanoseconds: the last load, and the longest so far */
  uint64_t stage_ns, longest_stage_ns;     /* reading and converting */
  uint64_t publish_ns, longest_publish_ns; /* from staged to servable */
} moelora_slot_table_stats;

/* NULL results are not allowed. Never fails; gives back retired memory whose
 * time has come. */
MOELORA_API void moelora_slot_table_read_stats(moelora_slot_table *table,
                                               moelora_slot_table_stats *stats);

#define MOELORA_MAX_SLOT_NAME 255

typedef enum moelora_slot_state {
  MOELORA_SLOT_FREE = 0,
  MOELORA_SLOT_RESERVED = 1, /* an adapter is being loaded into it */
  MOELORA_SLOT_LIVE = 2,
} moelora_slot_state;

typedef struct moelora_slot_info {
  int32_t state; /* moelora_slot_state */
  int32_t id;    /* of LIVE; else -1 */
  int32_t version;
  int32_t enabled;
  int32_t leases; /* that are out */
  int32_t idle;   /* 1: LIVE and may be evicted */
  moelora_slot_cost cost;
  char name[MOELORA_MAX_SLOT_NAME + 1];
} moelora_slot_info;

/* One slot of [0, slots); INVALID for any other. */
MOELORA_API moelora_status moelora_slot_table_inspect(moelora_slot_table *table,
                                                      int32_t slot,
                                                      moelora_slot_info *info);

typedef enum moelora_slot_event_kind {
  MOELORA_SLOT_LOADED = 0,
  MOELORA_SLOT_REPLACED = 1,
  MOELORA_SLOT_EVICTED = 2, /* to make room */
  MOELORA_SLOT_REMOVED = 3, /* by evict or reset */
  MOELORA_SLOT_ENABLED = 4,
  MOELORA_SLOT_DISABLED = 5,
  MOELORA_SLOT_FAILED = 6, /* a load; id is -1, `status` says how */
} moelora_slot_event_kind;

typedef struct moelora_slot_event {
  int32_t kind; /* moelora_slot_event_kind */
  int32_t id;
  int32_t version;
  int32_t status;   /* moelora_status */
  const char *name; /* borrowed for the call */
  uint64_t bytes;
  uint64_t stage_ns, publish_ns; /* of LOADED and REPLACED */
} moelora_slot_event;

/* Calls `observer` for each event, on the thread that caused it, after the
 * fact and without a lock: it may call the table. NULL: nobody any more; a call
 * that is under way may still come. */
MOELORA_API void moelora_slot_table_observe(
    moelora_slot_table *table,
    void (*observer)(void *context, const moelora_slot_event *event),
    void *context);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTSTATS_H */
