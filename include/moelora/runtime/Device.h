/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Devices: memory, streams, events and launches behind one small interface.
 *
 * A device is a struct of functions, so that an engine, an emulator or a test
 * may bring its own. Work on a stream is done in order; an event passes when
 * all before it is done. Any thread may call. What fails has done nothing, and
 * says so with moelora_error_make. What is destroyed must be of the device, and
 * idle.
 *
 *   device  a stream is                      stream NULL is
 *   cpu     a thread that runs one thing     the calling thread: the work is
 *           after the other                  done when the call returns
 *   cuda    a CUstream, an engine's own too  the legacy default stream
 */
#ifndef MOELORA_RUNTIME_DEVICE_H
#define MOELORA_RUNTIME_DEVICE_H

#include "moelora/runtime/Error.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_DEVICE_VERSION 1u
typedef struct moelora_stream moelora_stream;
typedef struct moelora_event moelora_event;
typedef struct moelora_kernel moelora_kernel;
typedef struct moelora_launch {
  const moelora_kernel *kernel;
  uint32_t grid[3], block[3];
  uint32_t shared_bytes;    /* dynamic shared memory of a block */
  uint32_t parameter_bytes; /* at most 4096 */
  /* The kernel's parameters as the fields of one struct; copied by the call. */
  const void *parameters;
} moelora_launch;

/* A kernel on the host: called once for the whole grid. */
typedef void (*moelora_host_kernel)(const moelora_launch *launch);

typedef struct moelora_device {
  uint32_t struct_size, version;
  void *context;        /* first argument of every function */
  const char *name;     /* "cpu", "cuda:0 NVIDIA H200" */
  int32_t host_visible; /* 1: the host reads and writes its memory directly */
  int32_t null_is_done; /* 1: work on stream NULL is done on return */
  uint64_t granularity; /* allocations are rounded up to multiples of it */

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
  /* *passed is 1 or 0; never waits. */
  moelora_status (*event_query)(void *context, moelora_event *event,
                                int32_t *passed, moelora_error **error);

  /* `image`: PTX or a cubin with the kernel `name`; on the cpu, with 0 bytes,
   * the address of a moelora_host_kernel. */
  moelora_status (*kernel_load)(void *context, const void *image,
                                uint64_t bytes, const char *name,
                                moelora_kernel **kernel, moelora_error **error);
  void (*kernel_unload)(void *context, moelora_kernel *kernel);
  moelora_status (*launch)(void *context, moelora_stream *stream,
                           const moelora_launch *launch, moelora_error **error);
} moelora_device;

/* "cpu", "cuda" (the first one), "cuda:1". NOT_FOUND: there is none;
 * UNSUPPORTED: "emulator", a name kept for later. The caller closes *device.
 * MOELORA_CUDA_DRIVER in the environment names another libcuda.so.1. */
MOELORA_API moelora_status moelora_device_open(const char *name,
                                               const moelora_device **device,
                                               moelora_error **error);

/* NULL is fine, and so is the cpu. */
MOELORA_API void moelora_device_close(const moelora_device *device);

/* There is one, and it is never closed. */
MOELORA_API const moelora_device *moelora_device_cpu(void);

/* Whether a device is of this version and complete. */
MOELORA_API moelora_status moelora_device_check(const moelora_device *device,
                                                moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_DEVICE_H */
