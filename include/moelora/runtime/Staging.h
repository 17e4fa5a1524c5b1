/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copying an adapter from its files into pages: which parts a table keeps, how
 * much memory they take, and how the copy is done.
 */
#ifndef MOELORA_RUNTIME_STAGING_H
#define MOELORA_RUNTIME_STAGING_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/AdapterTarget.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The properties of a slot table, and the parts of each adapter that it keeps.
 * The table of one peer rank states its experts and its part of the
 * intermediate sizes. Other parts are neither read from the files nor kept. */
typedef struct moelora_slot_table_options {
  uint32_t size;      /* sizeof; set by the caller, see Error.h */
  int32_t slots;      /* 1 .. 65536 */
  int32_t max_rank;   /* of every pair: 1 .. 65536 */
  int32_t dtype;      /* moelora_dtype of the pages: F32, F16 or BF16 */
  int32_t page_order; /* moelora_page_order */
  /* Bit per moelora_projection: an adapter is refused if its experts do not
   * share A, rank and scale. It is that of the facts of the layers. */
  uint32_t shared_a;
  /* The model of the adapters, not NULL. An adapter of other sizes is refused.
   * It is copied, like everything to which this struct points except the
   * device. */
  const moelora_adapter_target *target;
  const int32_t *layers;  /* layer numbers to keep; NULL: all */
  const int32_t *experts; /* expert numbers to keep, in the order in which the
                             compiled layer has them, and behind these a -1 for
                             each expert that only the layer has; NULL: all */
  int32_t layer_count, expert_count;
  int32_t tp_rank, tp_size; /* part tp_rank of tp_size equal ones of the routed
                               and the shared intermediate size; 0: all */
  uint64_t max_bytes; /* of all adapters together; 0: no bound. One that is
                         being loaded takes its memory besides. */
  const struct moelora_device *device; /* NULL: the cpu */
  /* Part shared_rank of shared_size equal ones of the shared intermediate size;
   * 0: part tp_rank of tp_size. */
  int32_t shared_rank, shared_size;
} moelora_slot_table_options;

/* The memory that an adapter takes: bytes = index + pages + alignment, rounded
 * up to the device's granularity. Fixed. */
typedef struct moelora_slot_cost {
  uint64_t bytes;       /* allocated on the device */
  uint64_t index_bytes; /* of the pairs' descriptions */
  uint64_t page_bytes;  /* of pages, ranks rounded up to 16 */
  uint64_t exact_bytes; /* of the same without that rounding */
  uint64_t read_bytes;  /* read from the files */
  uint64_t pages;       /* 16 ranks of one matrix each */
} moelora_slot_cost;

typedef enum moelora_staging_order {
  MOELORA_STAGING_FILE_ORDER = 0,  /* as the bytes lie in the file */
  MOELORA_STAGING_LAYER_ORDER = 1, /* the lowest layer first */
} moelora_staging_order;

/* Fixed. */
typedef struct moelora_staging_progress {
  uint64_t bytes, total_bytes; /* read so far, and in all */
  int32_t layers;              /* in layer order: whole layers so far */
  int32_t reserved;
} moelora_staging_progress;

/* Options of one load. All fields except the size may be zero. */
typedef struct moelora_staging {
  uint32_t size; /* sizeof; set by the caller */
  int32_t order; /* moelora_staging_order */
  /* The copy uses its parallel_for. NULL: only the calling thread copies.
   * Borrowed. */
  const struct moelora_services *services;
  /* Called repeatedly by the threads that copy, never by two at once, and at
   * the end. A result other than 0 cancels the load. */
  int32_t (*progress)(void *context, const moelora_staging_progress *progress);
  void *context;
} moelora_staging;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_STAGING_H */
