/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A tensor of a file or of a caller's memory, and the element types that it may
 * have.
 */
#ifndef MOELORA_RUNTIME_TENSOR_H
#define MOELORA_RUNTIME_TENSOR_H

#include "moelora/runtime/Checkpoint.h"

#include <array>
#include <optional>
#include <string>

namespace moelora {

/// Longer names are refused; real ones have about 100 characters.
constexpr size_t maxNameBytes = 1024;

struct Tensor {
  std::string name;
  int32_t dtype = 0; ///< moelora_dtype
  int32_t dims = 0;
  std::array<int64_t, MOELORA_MAX_DIMS> shape{};
  uint64_t elements = 0;
  uint64_t bytes = 0;
  size_t shard = 0;    ///< which file of the checkpoint
  uint64_t offset = 0; ///< of the first byte, in that file
};

/// A tensor that a caller describes, with the same checks as a tensor of a
/// file. Its shard and offset are not set.
Tensor checkedTensor(const moelora_tensor_data &tensor);

/// The product of a shape; nothing if it overflows or a size is negative.
std::optional<uint64_t> countElements(const int64_t *shape, int32_t dims);

/// "(4, 32)"
std::string shapeText(const int64_t *shape, int32_t dims);

/// Number of a dtype's name; 0 when it is unknown.
int32_t findFileDtype(const std::string &name);

/// Whether matrices may have this `dtype` of a file.
bool isFloatingPoint(int32_t dtype);

} // namespace moelora

#endif // MOELORA_RUNTIME_TENSOR_H
