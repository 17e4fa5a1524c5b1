/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules for tensors.
 */
#include "files/Tensor.h"

#include "base/Failure.h"
#include "base/Text.h"

#include <algorithm>

using namespace moelora;

bool moelora::isFloatingPoint(int32_t dtype) {
  return dtype >= MOELORA_F32 && dtype <= MOELORA_F64;
}

std::optional<uint64_t> moelora::countElements(const int64_t *shape,
                                               int32_t dims) {
  // Sizes that overflow are refused even if another size is zero.
  uint64_t product = 1, elements = 1;
  for (int32_t i = 0; i < dims; ++i) {
    if (shape[i] < 0)
      return std::nullopt;
    uint64_t size = static_cast<uint64_t>(shape[i]);
    if (__builtin_mul_overflow(product, std::max<uint64_t>(size, 1), &product))
      return std::nullopt;
    elements *= size;
  }
  return elements;
}

std::string moelora::shapeText(const int64_t *shape, int32_t dims) {
  std::string text = "(";
  for (int32_t i = 0; i < dims; ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

int32_t moelora::findFileDtype(const std::string &name) {
  for (int32_t dtype = 1; moelora_dtype_name(dtype); ++dtype)
    if (name == moelora_dtype_name(dtype))
      return dtype;
  return 0;
}

Tensor moelora::checkedTensor(const moelora_tensor_data &given) {
  Tensor tensor;
  tensor.name = given.name ? given.name : "";
  tensor.dtype = given.dtype;
  tensor.dims = given.dims;
  uint64_t size = moelora_dtype_bytes(given.dtype);
  if (tensor.name.empty() || tensor.name.size() > maxNameBytes || size == 0 ||
      given.dims < 0 || given.dims > MOELORA_MAX_DIMS)
    fail("expects a name, a dtype and at most 8 dimensions, but tensor " +
         quoted(tensor.name) + " lacks one of them");
  for (unsigned char byte : tensor.name)
    if (byte < ' ' || byte == 0x7f)
      fail("expects names without control characters, but there is '" +
           tensor.name + "'");
  std::copy_n(given.shape, given.dims, tensor.shape.begin());
  auto elements = countElements(given.shape, given.dims);
  if (!elements || *elements > UINT64_MAX / size)
    fail("the shape of tensor '" + tensor.name + "' has too many elements");
  if (*elements > 0 && !given.data)
    fail("expects tensor '" + tensor.name + "' to have data");
  tensor.elements = *elements;
  tensor.bytes = *elements * size;
  return tensor;
}
