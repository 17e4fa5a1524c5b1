/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tensors in safetensors files: one file, or a folder with one or many.
 *
 * A checkpoint is opened once and never changes: its header is checked in full
 * before the first answer, and its bytes are read with pread, so that a file
 * which shrinks meanwhile is an error and not a fault.
 * Threads: any number may ask one checkpoint at once.
 */
#ifndef MOELORA_RUNTIME_CHECKPOINT_H
#define MOELORA_RUNTIME_CHECKPOINT_H

#include "moelora/runtime/Dtype.h"
#include "moelora/runtime/Error.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_MAX_DIMS 8

/* One tensor. `name` is borrowed from the checkpoint. */
typedef struct moelora_tensor {
  uint32_t size; /* sizeof; set by the caller, see Error.h */
  int32_t dtype; /* moelora_dtype */
  int32_t dims;  /* how many the shape has; 0: a scalar */
  int32_t reserved;
  const char *name;
  int64_t shape[MOELORA_MAX_DIMS];
  uint64_t elements;
  uint64_t bytes;
} moelora_tensor;

typedef struct moelora_checkpoint moelora_checkpoint;

/* `path` is a .safetensors file, or a folder with model.safetensors,
 * model.safetensors.index.json or adapter_model.safetensors, in that order.
 * The caller closes *checkpoint. */
MOELORA_API moelora_status moelora_checkpoint_open(
    const char *path, moelora_checkpoint **checkpoint, moelora_error **error);

/* NULL is fine. Names that were borrowed end here. */
MOELORA_API void moelora_checkpoint_close(moelora_checkpoint *checkpoint);

/* 0 for NULL. */
MOELORA_API int64_t
moelora_checkpoint_count(const moelora_checkpoint *checkpoint);

/* Tensor `index` of [0, count), in the order of the files' names and then of
 * their bytes. INVALID for any other index. */
MOELORA_API moelora_status
moelora_checkpoint_tensor(const moelora_checkpoint *checkpoint, int64_t index,
                          moelora_tensor *tensor);

/* The index of a name, or -1, also for NULL; constant time. */
MOELORA_API int64_t
moelora_checkpoint_find(const moelora_checkpoint *checkpoint, const char *name);

/* Bytes [first, first + bytes) of a tensor as they are stored. */
MOELORA_API moelora_status moelora_checkpoint_read(
    const moelora_checkpoint *checkpoint, int64_t index, uint64_t first,
    uint64_t bytes, void *destination, moelora_error **error);

/* Elements [first, first + count) as f32: exact from f32, f16 and bf16, one
 * rounding from f64, UNSUPPORTED from every other type. */
MOELORA_API moelora_status moelora_checkpoint_read_f32(
    const moelora_checkpoint *checkpoint, int64_t index, uint64_t first,
    uint64_t count, float *destination, moelora_error **error);

/* A tensor to be written; `data` is row-major and borrowed. Callers make arrays
 * of these, so it stays as it is for as long as the ABI does. */
typedef struct moelora_tensor_data {
  const char *name;
  int32_t dtype;
  int32_t dims;
  int64_t shape[MOELORA_MAX_DIMS];
  const void *data;
} moelora_tensor_data;

/* Writes one file under a temporary name beside `path` and renames it when it
 * is complete: a failure leaves nothing, and an older file as it was. */
MOELORA_API moelora_status
moelora_safetensors_write(const char *path, const moelora_tensor_data *tensors,
                          int64_t count, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_CHECKPOINT_H */
