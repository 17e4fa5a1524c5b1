/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Devices: one interface for memory, streams, events, kernels and launches.
 *
 * A device is a struct of functions, so that an engine, an emulator or a test
 * can provide its own. Work on a stream is done in order, and an event passes
 * when all work before it is done. Any thread may call. A call that fails has
 * had no effect, and makes an error with moelora_error_make: INVALID for NULL,
 * misaligned addresses and other arguments that break a rule, DEVICE_LOST if
 * the device has failed permanently. An object that is destroyed must belong to
 * the device and be idle; destroying NULL has no effect.
 *
 *   device  a stream is                      stream NULL is
 *   cpu     a thread that runs one thing     the calling thread: the work is
 *           after the other                  done when the call returns
 *   cuda    a CUstream, an engine's own too  the legacy default stream
 *
 * A handle does not identify a stream: it may be used again for another stream,
 * and one value may denote several streams (CU_STREAM_PER_THREAD). A child
 * process of fork must not use streams and events that were made before the
 * fork.
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
  /* The device or the work before the event has failed, so it will never
   * pass. */
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

/* Properties of a device that `query` returns. */
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

  /* Allocates memory of the device, aligned to 256 bytes. Its content is
   * undefined. */
  moelora_status (*allocate)(void *context, uint64_t bytes, void **memory,
                             moelora_error **error);
  void (*release)(void *context, void *memory, uint64_t bytes);
  /* Allocates memory of the host from which copies are fastest. */
  moelora_status (*allocate_host)(void *context, uint64_t bytes, void **memory,
                                  moelora_error **error);
  void (*release_host)(void *context, void *memory, uint64_t bytes);
  /* Copies between any two addresses. The memory must stay valid until the copy
   * is done. */
  moelora_status (*copy)(void *context, moelora_stream *stream, void *to,
                         const void *from, uint64_t bytes,
                         moelora_error **error);
  /* Writes 8 aligned bytes atomically. A reader that sees them also sees all
   * work before them on the stream. */
  moelora_status (*store)(void *context, moelora_stream *stream, uint64_t *to,
                          uint64_t value, moelora_error **error);

  moelora_status (*stream_create)(void *context, moelora_stream **stream,
                                  moelora_error **error);
  /* Waits for all work on the stream. */
  void (*stream_destroy)(void *context, moelora_stream *stream);
  moelora_status (*stream_synchronize)(void *context, moelora_stream *stream,
                                       moelora_error **error);
  /* Makes the stream wait for an event. The caller does not wait. */
  moelora_status (*stream_wait)(void *context, moelora_stream *stream,
                                moelora_event *event, moelora_error **error);

  /* A new event has passed. Recording an event again replaces its position. */
  moelora_status (*event_create)(void *context, moelora_event **event,
                                 moelora_error **error);
  void (*event_destroy)(void *context, moelora_event *event);
  moelora_status (*event_record)(void *context, moelora_stream *stream,
                                 moelora_event *event, moelora_error **error);
  /* Sets *state to a moelora_event_state, and never waits. A status other than
   * OK means that the state is not available, for example during a capture. */
  moelora_status (*event_state)(void *context, moelora_event *event,
                                int32_t *state, moelora_error **error);
  /* Reports whether the stream is being captured into a graph. *state is a
   * moelora_capture_state. *id is the same for all streams of one capture, and
   * 0 if there is none. */
  moelora_status (*capture)(void *context, moelora_stream *stream,
                            int32_t *state, uint64_t *id,
                            moelora_error **error);

  /* Returns the value of a moelora_device_key. NOT_FOUND: the key is not
   * known. */
  moelora_status (*query)(void *context, int32_t key, int64_t *value,
                          moelora_error **error);
  /* Loads all code of the binary at once. If the device's compiler refuses it,
   * the compiler's messages are part of the error. */
  moelora_status (*module_load)(void *context, const moelora_binary *binary,
                                moelora_module **module, moelora_error **error);
  void (*module_unload)(void *context, moelora_module *module);
  /* Returns a kernel that can be launched with info->shared_bytes. It is valid
   * as long as its module. */
  moelora_status (*kernel_get)(void *context, moelora_module *module,
                               const moelora_kernel_info *info,
                               moelora_kernel **kernel, moelora_error **error);
  /* Enqueues several launches in order. If it fails, some of them may have been
   * enqueued. A device that supports captures does not allocate, lock or wait
   * here. */
  moelora_status (*launch)(void *context, moelora_stream *stream,
                           const moelora_launch *launches, uint32_t count,
                           moelora_error **error);
  /* Destroys the device, of which no object may be left. NULL: the device is
   * never destroyed. */
  void (*close)(void *context);
} moelora_device;

/* Opens a device by name: "cpu"; "cuda" (the first one) or "cuda:1";
 * "emulator", which is the plug-in libmoelora_emulator.so in the folder of this
 * library; or the path of a plug-in, which contains a slash. A colon and
 * options may follow the name of a plug-in, as in "./libdevice.so:options".
 * NOT_FOUND: there is no such device. The caller closes *device. The
 * environment variable MOELORA_CUDA_DRIVER replaces libcuda.so.1.
 */
MOELORA_API moelora_status moelora_device_open(const char *name,
                                               const moelora_device **device,
                                               moelora_error **error);

/* Closes a device. It ends when it was closed as often as it was opened.
 * INVALID: it is not open. NULL and the cpu device have no effect. */
MOELORA_API moelora_status moelora_device_close(const moelora_device *device,
                                                moelora_error **error);

/* The cpu device. There is only one, and it is never closed. */
MOELORA_API const moelora_device *moelora_device_cpu(void);

/* Checks that a device has this version and is complete. */
MOELORA_API moelora_status moelora_device_check(const moelora_device *device,
                                                moelora_error **error);

/* The type of the function that a plug-in exports as moelora_device_plugin.
 * `version` is the MOELORA_DEVICE_VERSION that *device must have. `options` is
 * the text after the colon, or "". The library is never unloaded. */
typedef moelora_status (*moelora_device_plugin_function)(
    uint32_t version, const char *options, const moelora_device **device,
    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_DEVICE_H */
