/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of checkpoints.
 */
#include "base/Failure.h"
#include "files/CheckpointFiles.h"

#include <algorithm>

using namespace moelora;

moelora_status moelora_checkpoint_open(const char *path,
                                       moelora_checkpoint **checkpoint,
                                       moelora_error **error) {
  return guarded(error, [&] {
    if (!path || !checkpoint)
      fail("expects a path and a place for the checkpoint");
    Work work;
    *checkpoint = new moelora_checkpoint{CheckpointFiles(path, work)};
  });
}

void moelora_checkpoint_close(moelora_checkpoint *checkpoint) {
  delete checkpoint;
}

int64_t moelora_checkpoint_count(const moelora_checkpoint *checkpoint) {
  return static_cast<int64_t>(checkpoint->files.tensors().size());
}

moelora_status moelora_checkpoint_tensor(const moelora_checkpoint *checkpoint,
                                         int64_t index,
                                         moelora_tensor *tensor) {
  if (index < 0 || index >= moelora_checkpoint_count(checkpoint))
    return MOELORA_INVALID;
  const Tensor &found = checkpoint->files.tensors()[static_cast<size_t>(index)];
  *tensor = {found.name.c_str(), found.dtype, found.rank, {},
             found.elements,     found.bytes};
  std::copy(found.shape.begin(), found.shape.end(), tensor->shape);
  return MOELORA_OK;
}

int64_t moelora_checkpoint_find(const moelora_checkpoint *checkpoint,
                                const char *name) {
  return checkpoint->files.find(name);
}

moelora_status moelora_checkpoint_read(const moelora_checkpoint *checkpoint,
                                       int64_t index, uint64_t first,
                                       uint64_t bytes, void *destination,
                                       moelora_error **error) {
  return guarded(
      error, [&] { checkpoint->files.read(index, first, bytes, destination); });
}

moelora_status moelora_checkpoint_read_f32(const moelora_checkpoint *checkpoint,
                                           int64_t index, uint64_t first,
                                           uint64_t count, float *destination,
                                           moelora_error **error) {
  return guarded(error, [&] {
    checkpoint->files.readF32(index, first, count, destination);
  });
}
