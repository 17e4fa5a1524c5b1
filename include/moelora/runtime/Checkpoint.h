/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tensors in safetensors files: one file, or a folder with one or many.
 *
 * A checkpoint is immutable. Opening it checks the whole header. Its data is
 * read with pread, so that a file that shrinks meanwhile causes an error and
 * not a fault. Any number of threads may use a checkpoint at once.
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

/* NULL has no effect. Names that were borrowed become invalid. */
MOELORA_API void moelora_checkpoint_close(moelora_checkpoint *checkpoint);

/* The number of tensors. 0 for NULL. */
MOELORA_API int64_t
moelora_checkpoint_count(const moelora_checkpoint *checkpoint);

/* The tensor with `index` in [0, count). Tensors are in the order of the file
 * names, and within a file in the order of their bytes. INVALID: the index is
 * out of range. */
MOELORA_API moelora_status
moelora_checkpoint_tensor(const moelora_checkpoint *checkpoint, int64_t index,
                          moelora_tensor *tensor);

/* The index of a name, or -1 if there is none or an argument is NULL. Takes
 * constant time. */
MOELORA_API int64_t
moelora_checkpoint_find(const moelora_checkpoint *checkpoint, const char *name);

/* Reads bytes [first, first + bytes) of a tensor as they are stored. */
MOELORA_API moelora_status moelora_checkpoint_read(
    const moelora_checkpoint *checkpoint, int64_t index, uint64_t first,
    uint64_t bytes, void *destination, moelora_error **error);

/* Reads elements [first, first + count) as f32: exactly from f32, f16 and bf16,
 * and with one rounding from f64. UNSUPPORTED: the tensor has another type. */
MOELORA_API moelora_status moelora_checkpoint_read_f32(
    const moelora_checkpoint *checkpoint, int64_t index, uint64_t first,
    uint64_t count, float *destination, moelora_error **error);

/* The bytes of tensors that have been read from the files so far, by all
 * threads. Headers, which opening reads, are not counted. 0 for NULL. */
MOELORA_API uint64_t
moelora_checkpoint_bytes_read(const moelora_checkpoint *checkpoint);

/* A tensor to be written; `data` is row-major and borrowed. Callers make arrays
 * of this struct, so it changes only with the ABI. */
typedef struct moelora_tensor_data {
  const char *name;
  int32_t dtype;
  int32_t dims;
  int64_t shape[MOELORA_MAX_DIMS];
  const void *data;
} moelora_tensor_data;

/* Writes one file under a temporary name in the same folder, and renames it to
 * `path` when it is complete. A failure leaves no new file and does not change
 * an older one. */
MOELORA_API moelora_status
moelora_safetensors_write(const char *path, const moelora_tensor_data *tensors,
                          int64_t count, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_CHECKPOINT_H */
