/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Devices: memory, streams, events, kernels and launches behind one interface.
 *
 * A device is a struct of functions, so that an engine, an emulator or a test
 * may bring its own. Work on a stream is done in order; an event passes when
 * all before it is done. Any thread may call. What fails has done nothing, and
 * says so with moelora_error_make: INVALID for NULL, misaligned and other
 * arguments that break a rule, DEVICE_LOST where the device has failed for
 * good. What is destroyed must be of the device, and idle; NULL is fine.
 *
 *   device  a stream is                      stream NULL is
 *   cpu     a thread that runs one thing     the calling thread: the work is
 *           after the other                  done when the call returns
 *   cuda    a CUstream, an engine's own too  the legacy default stream
 *
 * Handles are no identities: a stream's handle may be used again for another
 * stream, and one value may stand for several (CU_STREAM_PER_THREAD). A child
 * process has none of the streams and events that were made before the fork.
 */
#ifndef MOELORA_RUNTIME_DEVICE_H
#define MOELORA_RUNTIME_DEVICE_H

#include "moelora/runtime/Error.h"
#include "moelora/runtime/Kernel.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_DEVICE_VERSION 2u

typedef struct moelora_event moelora_event;
typedef struct moelora_module moelora_module; /* loaded code */

typedef enum moelora_event_state {
  MOELORA_EVENT_PENDING = 0,
  MOELORA_EVENT_PASSED = 1,
  /* The work before it, or the device, has failed: it will never pass. */
  MOELORA_EVENT_FAILED = 2,
} moelora_event_state;

typedef enum moelora_capture_state {
  MOELORA_CAPTURE_NONE = 0,
  MOELORA_CAPTURE_ACTIVE = 1, /* work goes into a graph instead of being done */
  MOELORA_CAPTURE_BROKEN = 2, /* there will be no graph; the capture must end */
} moelora_capture_state;

typedef enum moelora_device_kind {
  MOELORA_DEVICE_KIND_CPU = 1,
  MOELORA_DEVICE_KIND_CUDA = 2,
  MOELORA_DEVICE_KIND_EMULATOR = 3,
  MOELORA_DEVICE_KIND_OTHER = 4,
} moelora_device_kind;

/* What a device can be asked for. */
typedef enum moelora_device_key {
  MOELORA_DEVICE_KIND = 1,         /* a moelora_device_kind */
  MOELORA_DEVICE_ARCHITECTURE = 2, /* 90 for sm_90; 0 for the cpu */
  MOELORA_DEVICE_MULTIPROCESSORS = 3,
  MOELORA_DEVICE_SHARED_BYTES = 4, /* most dynamic shared memory of a block */
  MOELORA_DEVICE_ORDINAL = 5,      /* 1 for cuda:1 */
} moelora_device_key;

typedef struct moelora_device {
  uint32_t size, version; /* sizeof this struct, MOELORA_DEVICE_VERSION */
  void *context;          /* first argument of every function */
  const char *name;       /* "cpu", "cuda:0 NVIDIA H200" */
  int32_t host_visible;   /* 1: the host reads and writes its memory directly */
  int32_t null_is_done;   /* 1: work on stream NULL is done on return */
  uint64_t granularity;   /* allocations are rounded up to multiples of it */

  /* Memory of the device, at multiples of 256, of undefined content. */
  moelora_status (*allocate)(void *context, uint64_t bytes, void **memory,
                             moelora_error **error);
  void (*release)(void *context, void *memory, uint64_t bytes);
  /* Memory of the host that copies best. */
  moelora_status (*allocate_host)(void *context, uint64_t bytes, void **memory,
                                  moelora_error **error);
  void (*release_host)(void *context, void *memory, uint64_t bytes);
  /* Between any two places, which must stay until the stream is past it. */
  moelora_status (*copy)(void *context, moelora_stream *stream, void *to,
                         const void *from, uint64_t bytes,
                         moelora_error **error);
  /* 8 aligned bytes that no reader sees in parts; whoever sees them sees what
   * came before them on the stream. */
  moelora_status (*store)(void *context, moelora_stream *stream, uint64_t *to,
                          uint64_t value, moelora_error **error);

  moelora_status (*stream_create)(void *context, moelora_stream **stream,
                                  moelora_error **error);
  /* Waits for what is on it. */
  void (*stream_destroy)(void *context, moelora_stream *stream);
  moelora_status (*stream_synchronize)(void *context, moelora_stream *stream,
                                       moelora_error **error);
  /* Lets the stream wait for an event; the caller does not. */
  moelora_status (*stream_wait)(void *context, moelora_stream *stream,
                                moelora_event *event, moelora_error **error);

  /* A new event has passed; recording it again makes it a later one. */
  moelora_status (*event_create)(void *context, moelora_event **event,
                                 moelora_error **error);
  void (*event_destroy)(void *context, moelora_event *event);
  moelora_status (*event_record)(void *context, moelora_stream *stream,
                                 moelora_event *event, moelora_error **error);
  /* *state: a moelora_event_state; never waits. A status other than OK says
   * that it could not be asked for, as in a capture. */
  moelora_status (*event_state)(void *context, moelora_event *event,
                                int32_t *state, moelora_error **error);
  /* Whether the stream is being captured into a graph: *state is a
   * moelora_capture_state, *id the same number for all streams of one capture,
   * and 0 without one. */
  moelora_status (*capture)(void *context, moelora_stream *stream,
                            int32_t *state, uint64_t *id,
                            moelora_error **error);

  /* The value of a moelora_device_key; NOT_FOUND for one that is not known. */
  moelora_status (*query)(void *context, int32_t key, int64_t *value,
                          moelora_error **error);
  /* Loads everything now. What the device's compiler has to say about code that
   * it refuses is part of the error. */
  moelora_status (*module_load)(void *context, const moelora_binary *binary,
                                moelora_module **module, moelora_error **error);
  void (*module_unload)(void *context, moelora_module *module);
  /* A kernel, ready to be launched with info->shared_bytes. It lives as long as
   * its module. */
  moelora_status (*kernel_get)(void *context, moelora_module *module,
                               const moelora_kernel_info *info,
                               moelora_kernel **kernel, moelora_error **error);
  /* Several launches in the order of the stream: all or, on a failure, as many
   * as the device took. Devices that have captures neither allocate, lock nor
   * wait here. */
  moelora_status (*launch)(void *context, moelora_stream *stream,
                           const moelora_launch *launches, uint32_t count,
                           moelora_error **error);
  /* Ends the device, of which nothing may be left. NULL: it never ends. */
  void (*close)(void *context);
} moelora_device;

/* "cpu", "cuda" (the first one), "cuda:1"; "emulator", which is the plug-in
 * libmoelora_emulator.so beside this library; or the path of a plug-in, known
 * by its slash. Options of a plug-in may follow its name after a colon, as in
 * "./libdevice.so:options". NOT_FOUND: there is none. The caller closes
 * *device. MOELORA_CUDA_DRIVER in the environment names another libcuda.so.1.
 */
MOELORA_API moelora_status moelora_device_open(const char *name,
                                               const moelora_device **device,
                                               moelora_error **error);

/* Closes a device as often as it was opened; INVALID for one that is not open.
 * NULL is fine, and so is the cpu. */
MOELORA_API moelora_status moelora_device_close(const moelora_device *device,
                                                moelora_error **error);

/* There is one, and it is never closed. */
MOELORA_API const moelora_device *moelora_device_cpu(void);

/* Whether a device is of this version and complete. */
MOELORA_API moelora_status moelora_device_check(const moelora_device *device,
                                                moelora_error **error);

/* The one function that a plug-in exports, as moelora_device_plugin. `version`
 * is the MOELORA_DEVICE_VERSION that is expected of *device, and `options` what
 * followed the colon, or "". Its library is never unloaded. */
typedef moelora_status (*moelora_device_plugin_function)(
    uint32_t version, const char *options, const moelora_device **device,
    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_DEVICE_H */
