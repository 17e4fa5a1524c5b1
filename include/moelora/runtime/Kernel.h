/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The kernels of an artifact, and the launches of a device.
 */
#ifndef MOELORA_RUNTIME_KERNEL_H
#define MOELORA_RUNTIME_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_stream moelora_stream;
typedef struct moelora_kernel moelora_kernel;

typedef enum moelora_binary_kind {
  MOELORA_BINARY_HOST = 1, /* the address of a moelora_host_kernel, 0 bytes */
  MOELORA_BINARY_PTX = 2,  /* text; `bytes` counts the zero at its end */
  MOELORA_BINARY_CUBIN = 3,
  MOELORA_BINARY_NVVM = 4,
  /* The address of a moelora_emulated_module, 0 bytes. */
  MOELORA_BINARY_EMULATED = 5,
} moelora_binary_kind;

typedef struct moelora_binary {
  int32_t kind; /* moelora_binary_kind */
  uint32_t reserved;
  uint64_t bytes;
  const void *data;
} moelora_binary;

typedef struct moelora_kernel_info {
  const char *name;
  uint32_t binary;       /* index into the binaries of the variant */
  uint32_t threads;      /* of a thread block */
  uint32_t shared_bytes; /* dynamic shared memory of a thread block, at most */
  uint32_t flags;        /* 0 */
} moelora_kernel_info;

typedef enum moelora_launch_flags {
  MOELORA_LAUNCH_DEPENDENT = 1, /* may begin before the launch in front of it
                                   has ended; the kernel itself waits */
} moelora_launch_flags;

typedef struct moelora_launch {
  const moelora_kernel *kernel;
  uint32_t grid[3], block[3];
  uint32_t cluster[3];      /* in thread blocks; 0 and 1: none */
  uint32_t shared_bytes;    /* dynamic shared memory of a thread block */
  uint32_t parameter_bytes; /* at most 4096 */
  uint32_t flags;           /* moelora_launch_flags */
  /* The kernel's parameters as the fields of one struct, which the call
   * copies. */
  const void *parameters;
} moelora_launch;

/* A kernel on the host. It is called once for the whole grid. */
typedef void (*moelora_host_kernel)(const moelora_launch *launch);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_KERNEL_H */
