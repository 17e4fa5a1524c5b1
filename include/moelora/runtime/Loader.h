/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The loader, which loads adapters from folders into slot tables in the
 * background.
 *
 * A loader has threads of its own, and caches the adapters that it opened last,
 * so that loading one of them again does not parse and bind it again. Before a
 * cached adapter is used, it is compared with its files (device, inode, size
 * and time of change).
 *
 * Threads: any number may call any function of one loader at once. Only one
 * thread at a time may wait for, cancel or close a load.
 *
 * Processes: a child of fork does not have the loader's threads. There,
 * functions of the parent's loaders and loads return INVALID with an error that
 * states this, and cancelling, closing and destroying them has no effect. A
 * child may create loaders of its own.
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

/* Creates a loader. The caller destroys it. */
MOELORA_API moelora_status
moelora_loader_create(const moelora_loader_options *options,
                      moelora_loader **loader, moelora_error **error);

/* Cancels all loads and waits until they have ended. Loads that were not closed
 * stay valid and must still be closed. NULL has no effect. */
MOELORA_API void moelora_loader_destroy(moelora_loader *loader);

/* Returns the cached adapter, or opens it as moelora_adapter_open does. The
 * caller closes it like any other adapter, and may use it after the loader was
 * destroyed. */
MOELORA_API moelora_status
moelora_loader_open(moelora_loader *loader, const char *folder,
                    const moelora_adapter_target *target,
                    const moelora_adapter_options *options,
                    moelora_adapter **adapter, moelora_error **error);

/* A request for a load. Everything to which it points must stay valid until the
 * load is done, except the strings, which moelora_load_start copies. */
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
  /* Like that of moelora_staging; may be NULL. It must not close its load or
   * destroy the loader, because both wait for it. */
  int32_t (*progress)(void *context, const moelora_staging_progress *progress);
  void *context;
  int32_t columns; /* moelora_adapter_columns */
  int32_t reserved;
} moelora_load_request;

typedef struct moelora_load moelora_load;

/* Starts a load. Loads run in the order in which they were started. The caller
 * closes *load. */
MOELORA_API moelora_status
moelora_load_start(moelora_loader *loader, const moelora_load_request *request,
                   moelora_load **load, moelora_error **error);

/* Returns BUSY until the load is done, and then the result of assign or
 * replace, on each call. Writes *id if the result is OK. Never waits. */
MOELORA_API moelora_status moelora_load_poll(moelora_load *load,
                                             moelora_staging_progress *progress,
                                             int32_t *id,
                                             moelora_error **error);

/* Waits until the load is done, at most for this time (negative: without
 * limit), and then returns the same as poll. */
MOELORA_API moelora_status moelora_load_wait(moelora_load *load,
                                             int64_t milliseconds, int32_t *id,
                                             moelora_error **error);

/* Requests that the load ends. Its result is CANCELLED, unless it was already
 * done or was being published. */
MOELORA_API void moelora_load_cancel(moelora_load *load);

/* Cancels a load, waits until it has ended, and frees it. An adapter that was
 * loaded stays in its table. NULL has no effect. */
MOELORA_API void moelora_load_close(moelora_load *load);

/* Opens an adapter in the background, caches it, and makes the system read its
 * file ahead. Errors of the adapter are reported when it is loaded. The
 * target's names must stay valid until the loader is destroyed. INVALID: the
 * loader has no cache. */
MOELORA_API moelora_status moelora_loader_prefetch(
    moelora_loader *loader, const char *folder,
    const moelora_adapter_target *target,
    const moelora_adapter_options *options, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_LOADER_H */
