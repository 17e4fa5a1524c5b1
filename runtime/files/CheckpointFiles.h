/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tensors of one or many files, or of a caller's memory, found by name.
 */
#ifndef MOELORA_RUNTIME_CHECKPOINTFILES_H
#define MOELORA_RUNTIME_CHECKPOINTFILES_H

#include "files/NameHash.h"
#include "files/Safetensors.h"

#include <atomic>

namespace moelora {

class CheckpointFiles {
public:
  /// A file, or a folder as moelora_checkpoint_open describes it.
  CheckpointFiles(const std::string &path, Work &work);
  /// Tensors in memory, with the checks of a file. Borrows the data and copies
  /// the rest.
  CheckpointFiles(const moelora_tensor_data *tensors, int64_t count);
  CheckpointFiles(const CheckpointFiles &) = delete;

  const std::vector<Tensor> &tensors() const { return all; }
  /// Fails if there is no such tensor.
  const Tensor &at(int64_t index) const;
  /// -1: there is none.
  int64_t find(std::string_view name) const;
  /// Bytes [first, first + bytes) of a tensor; fails beyond its end.
  void read(int64_t index, uint64_t first, uint64_t bytes,
            void *destination) const;
  /// The sum of all `bytes` that were read.
  uint64_t bytesRead() const { return counted; }
  /// Fails if one of the files has been written since it was opened.
  void checkUnchanged() const;
  /// Reads elements as f32, with one rounding from f64.
  void readF32(int64_t index, uint64_t first, uint64_t count,
               float *destination) const;

private:
  void addShard(const std::string &path, Work &work);
  void addIndexed(const std::string &folder, const std::string &index,
                  Work &work);
  void hashNames();

  std::vector<File> shards;
  std::vector<const char *> memory; // by tensor, instead of shards
  std::vector<Tensor> all;
  NameMap<std::string_view, int64_t> byName; // of `all`
  mutable std::atomic<uint64_t> counted{0};
};

/// The end of a message: how to convert the pickle in the folder to a supported
/// file; "" if there is no pickle.
std::string pickleHint(const std::string &folder);

} // namespace moelora

/// The checkpoint of the C interface.
struct moelora_checkpoint {
  moelora::CheckpointFiles files;
};

#endif // MOELORA_RUNTIME_CHECKPOINTFILES_H
