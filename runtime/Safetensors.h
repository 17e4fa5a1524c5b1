/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The header of a safetensors file: 8 bytes of length, then JSON, then data.
 *
 * Everything it says is checked before anything is believed: the tensors' byte
 * ranges tile the data exactly, and each range is what dtype and shape ask for.
 */
#ifndef MOELORA_RUNTIME_SAFETENSORS_H
#define MOELORA_RUNTIME_SAFETENSORS_H

#include "File.h"
#include "moelora/runtime/Checkpoint.h"

#include <array>
#include <optional>
#include <vector>

namespace moelora {

/// The format's own bound.
constexpr uint64_t maxHeaderBytes = 100'000'000;

/// Longer names are refused; real ones have about 100 characters.
constexpr size_t maxNameBytes = 1024;

struct Tensor {
  std::string name;
  int32_t dtype = 0; ///< moelora_file_dtype
  int32_t rank = 0;
  std::array<int64_t, MOELORA_MAX_DIMS> shape{};
  uint64_t elements = 0;
  uint64_t bytes = 0;
  size_t shard = 0;    ///< which file of the checkpoint
  uint64_t offset = 0; ///< of the first byte, in that file
};

/// The tensors of a file in the order of their bytes, or a failure.
std::vector<Tensor> readSafetensorsHeader(const File &file);

/// A tensor that a caller describes, as strictly checked as one of a file; its
/// shard and offset are left open.
Tensor checkedTensor(const moelora_tensor_data &tensor);

/// The product of a shape; nothing when it overflows or a size is negative.
std::optional<uint64_t> countElements(const int64_t *shape, int32_t rank);

/// "(4, 32)"
std::string shapeText(const int64_t *shape, int32_t rank);

/// Number of a dtype's name; 0 when it is unknown.
int32_t findFileDtype(const std::string &name);

} // namespace moelora

#endif // MOELORA_RUNTIME_SAFETENSORS_H
