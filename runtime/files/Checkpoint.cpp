/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of checkpoints.
 */
#include "base/Sized.h"
#include "files/CheckpointFiles.h"

#include <algorithm>

using namespace moelora;

moelora_status moelora_checkpoint_open(const char *path,
                                       moelora_checkpoint **checkpoint,
                                       moelora_error **error) {
  return guarded(error, [&] {
    expectThere(path, "a path");
    expectThere(checkpoint, "a place for the checkpoint");
    Work work;
    *checkpoint = new moelora_checkpoint{CheckpointFiles(path, work)};
  });
}

void moelora_checkpoint_close(moelora_checkpoint *checkpoint) {
  delete checkpoint;
}

int64_t moelora_checkpoint_count(const moelora_checkpoint *checkpoint) {
  return checkpoint ? static_cast<int64_t>(checkpoint->files.tensors().size())
                    : 0;
}

moelora_status moelora_checkpoint_tensor(const moelora_checkpoint *checkpoint,
                                         int64_t index,
                                         moelora_tensor *tensor) {
  constexpr uint32_t least = MOELORA_SIZE_THROUGH(moelora_tensor, bytes);
  return guarded(nullptr, [&] {
    expectThere(checkpoint, "a checkpoint");
    const Tensor &found = checkpoint->files.at(index);
    moelora_tensor told = {};
    told.dtype = found.dtype;
    told.dims = found.dims;
    told.name = found.name.c_str();
    std::copy(found.shape.begin(), found.shape.end(), told.shape);
    told.elements = found.elements;
    told.bytes = found.bytes;
    writeSized(tensor, told, least, "a tensor");
  });
}

int64_t moelora_checkpoint_find(const moelora_checkpoint *checkpoint,
                                const char *name) {
  return checkpoint && name ? checkpoint->files.find(name) : -1;
}

moelora_status moelora_checkpoint_read(const moelora_checkpoint *checkpoint,
                                       int64_t index, uint64_t first,
                                       uint64_t bytes, void *destination,
                                       moelora_error **error) {
  return guarded(error, [&] {
    expectThere(checkpoint, "a checkpoint");
    if (bytes > 0)
      expectThere(destination, "a place for the bytes");
    checkpoint->files.read(index, first, bytes, destination);
  });
}

uint64_t moelora_checkpoint_bytes_read(const moelora_checkpoint *checkpoint) {
  return checkpoint ? checkpoint->files.bytesRead() : 0;
}

moelora_status moelora_checkpoint_read_f32(const moelora_checkpoint *checkpoint,
                                           int64_t index, uint64_t first,
                                           uint64_t count, float *destination,
                                           moelora_error **error) {
  return guarded(error, [&] {
    expectThere(checkpoint, "a checkpoint");
    if (count > 0)
      expectThere(destination, "a place for the elements");
    checkpoint->files.readF32(index, first, count, destination);
  });
}
