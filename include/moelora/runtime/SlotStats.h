/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The content of a slot table, its counters, and its events.
 */
#ifndef MOELORA_RUNTIME_SLOTSTATS_H
#define MOELORA_RUNTIME_SLOTSTATS_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The state of a table. Counters start at 0 when the table is created; the
 * other fields are present values. */
typedef struct moelora_slot_table_stats {
  uint32_t size; /* sizeof; set by the caller, see Error.h */
  /* present values */
  int32_t slots, used_slots, leased_slots, reserved_slots;
  int32_t closed_slots; /* out of generations: they take no other adapter */
  int32_t steps, reserved;
  moelora_slot_cost held; /* by present adapters, summed */
  uint64_t retired_bytes; /* of earlier ones, waiting for steps to be past */
  uint64_t retired_buffers;
  /* counters */
  uint64_t hits, misses; /* names that acquire found, or did not */
  uint64_t loads, replaced, failed_loads, cancelled_loads;
  uint64_t evictions;     /* to make room */
  uint64_t removals;      /* by evict and reset */
  uint64_t full, busy;    /* calls with this status */
  uint64_t stale_calls;   /* calls with an ended id or lease */
  uint64_t broken_fences; /* after which the device failed: their memory is
                             kept until the table is destroyed */
  moelora_run_stats runs; /* of all steps of the table */
  uint64_t read_bytes;    /* from files, of loads that succeeded */
  /* nanoseconds: the last load, and the longest so far */
  uint64_t stage_ns, longest_stage_ns;     /* reading and converting */
  uint64_t publish_ns, longest_publish_ns; /* from staged to published */
} moelora_slot_table_stats;

/* Also frees retired memory that no step can read any more. Counters of the
 * device are read without the lock. */
MOELORA_API moelora_status moelora_slot_table_read_stats(
    moelora_slot_table *table, moelora_slot_table_stats *stats,
    moelora_error **error);

#define MOELORA_MAX_SLOT_NAME 255

typedef enum moelora_slot_state {
  MOELORA_SLOT_FREE = 0,
  MOELORA_SLOT_RESERVED = 1, /* an adapter is being loaded into it */
  MOELORA_SLOT_LIVE = 2,
  MOELORA_SLOT_CLOSED = 3, /* free, and out of generations */
} moelora_slot_state;

typedef struct moelora_slot_info {
  uint32_t size; /* sizeof; set by the caller */
  int32_t state; /* moelora_slot_state */
  int32_t id;    /* of LIVE; else -1 */
  int32_t version;
  int32_t enabled;
  int32_t leases; /* that are out */
  int32_t idle;   /* 1: LIVE and may be evicted */
  int32_t reserved;
  moelora_slot_cost cost;
  char name[MOELORA_MAX_SLOT_NAME + 1];
} moelora_slot_info;

/* The state of one slot in [0, slots). INVALID: there is no such slot. */
MOELORA_API moelora_status moelora_slot_table_inspect(moelora_slot_table *table,
                                                      int32_t slot,
                                                      moelora_slot_info *info,
                                                      moelora_error **error);

/* A digest of the slot, id, name, version and `enabled` of each adapter. */
MOELORA_API moelora_status moelora_slot_table_digest(moelora_slot_table *table,
                                                     uint64_t *digest,
                                                     moelora_error **error);

typedef enum moelora_slot_event_kind {
  MOELORA_SLOT_LOADED = 0,
  MOELORA_SLOT_REPLACED = 1,
  MOELORA_SLOT_EVICTED = 2, /* to make room */
  MOELORA_SLOT_REMOVED = 3, /* by evict or reset */
  MOELORA_SLOT_ENABLED = 4,
  MOELORA_SLOT_DISABLED = 5,
  MOELORA_SLOT_FAILED = 6, /* a load; `status` says how. Of an assign id is -1,
                              of a replace it is that of the present adapter */
} moelora_slot_event_kind;

typedef struct moelora_slot_event {
  uint32_t size; /* sizeof, as this library knows it */
  int32_t kind;  /* moelora_slot_event_kind */
  int32_t id;
  int32_t version;
  int32_t status;   /* moelora_status */
  int32_t neutral;  /* of LOADED and REPLACED. 1: the adapter cannot change
                       anything, as moelora_adapter_has_effect has it */
  const char *name; /* borrowed for the call */
  uint64_t bytes;
  uint64_t stage_ns, publish_ns; /* of LOADED and REPLACED */
} moelora_slot_event;

typedef void (*moelora_slot_observer)(void *context,
                                      const moelora_slot_event *event);

/* Sets a function that is called after each event, on the thread that caused it
 * and without a lock, so it may call functions of the table. If `observer` is
 * NULL, no function is called any more, but a call that has already begun may
 * still be running. */
MOELORA_API moelora_status moelora_slot_table_observe(
    moelora_slot_table *table, moelora_slot_observer observer, void *context,
    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_SLOTSTATS_H */
