/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The loader: adapters from their folders into slot tables, in the background.
 *
 * It has threads of its own, and remembers the adapters that it opened lately,
 * so that loading one again neither parses nor binds it again. What it
 * remembers is checked against the files (device, inode, size and time of
 * change) before it is used.
 *
 * Threads: any number may call any function of one loader at once. One load is
 * waited for, cancelled and closed by one thread at a time.
 * Processes: a child of fork has none of the threads. There, functions of its
 * parent's loaders and loads answer INVALID and say so, and cancelling, closing
 * and destroying them has no effect. It may make its own.
 */
#ifndef MOELORA_RUNTIME_LOADER_H
#define MOELORA_RUNTIME_LOADER_H

#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_loader_options {
  uint32_t size;    /* sizeof; set by the caller, see Error.h */
  int32_t threads;  /* that copy; 0: as moelora_pool_create has it */
  int32_t adapters; /* to remember at most, open; 0: none */
} moelora_loader_options;

typedef struct moelora_loader moelora_loader;

/* The caller destroys *loader. */
MOELORA_API moelora_status
moelora_loader_create(const moelora_loader_options *options,
                      moelora_loader **loader, moelora_error **error);

/* Cancels what is under way and waits for its end. Loads that are not closed
 * stay readable and must still be closed. NULL is fine. */
MOELORA_API void moelora_loader_destroy(moelora_loader *loader);

/* As moelora_adapter_open, or the adapter that is remembered. Closed like any
 * other; it outlives the loader if need be. */
MOELORA_API moelora_status
moelora_loader_open(moelora_loader *loader, const char *folder,
                    const moelora_adapter_target *target,
                    const moelora_adapter_options *options,
                    moelora_adapter **adapter, moelora_error **error);

/* One load. Everything that it points to must stay until the load is done, the
 * strings may go when start returns. */
typedef struct moelora_load_request {
  uint32_t size;  /* sizeof; set by the caller */
  int32_t layout; /* moelora_adapter_layout */
  int32_t order;  /* moelora_staging_order */
  int32_t id;     /* to replace, in the order of `stream` */
  moelora_slot_table *table;
  const char *name;   /* of the new adapter; NULL: replace `id` */
  const char *folder; /* NULL: `adapter` is given */
  const moelora_adapter *adapter;
  const moelora_adapter_target *target;
  moelora_stream *stream;
  /* As that of moelora_staging; may be NULL. It must neither close its load nor
   * destroy the loader, which wait for it. */
  int32_t (*progress)(void *context, const moelora_staging_progress *progress);
  void *context;
  int32_t columns; /* moelora_adapter_columns */
  int32_t reserved;
} moelora_load_request;

typedef struct moelora_load moelora_load;

/* Loads are worked on in the order in which they were started. The caller
 * closes *load. */
MOELORA_API moelora_status
moelora_load_start(moelora_loader *loader, const moelora_load_request *request,
                   moelora_load **load, moelora_error **error);

/* BUSY while it is under way, then what assign or replace answered, each time
 * anew; *id is written with OK. Never waits. */
MOELORA_API moelora_status moelora_load_poll(moelora_load *load,
                                             moelora_staging_progress *progress,
                                             int32_t *id,
                                             moelora_error **error);

/* Waits at most so long, negative: for ever; then as poll. */
MOELORA_API moelora_status moelora_load_wait(moelora_load *load,
                                             int64_t milliseconds, int32_t *id,
                                             moelora_error **error);

/* Asks it to end; it answers CANCELLED unless it was done, or being published,
 * before. */
MOELORA_API void moelora_load_cancel(moelora_load *load);

/* Cancels, waits for the end and forgets it; what was loaded stays. NULL is
 * fine. */
MOELORA_API void moelora_load_close(moelora_load *load);

/* Opens an adapter in the background, to be remembered, and asks the system to
 * read its file ahead. What is wrong with it is said when it is loaded. The
 * target's names must stay until the loader is destroyed. INVALID: the loader
 * remembers nothing. */
MOELORA_API moelora_status moelora_loader_prefetch(
    moelora_loader *loader, const char *folder,
    const moelora_adapter_target *target,
    const moelora_adapter_options *options, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_LOADER_H */
