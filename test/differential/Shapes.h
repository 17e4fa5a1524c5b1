// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tensors of a layer as its description has them. Implemented independently
// of the importer, so that the test compares two implementations.

#ifndef MOELORA_TEST_DIFFERENTIAL_SHAPES_H
#define MOELORA_TEST_DIFFERENTIAL_SHAPES_H

#include "moelora/runtime/Abi.h"

#include <string>
#include <vector>

namespace moelora::differential {

struct Shape {
  moelora_dtype dtype = MOELORA_F32;
  std::vector<int64_t> dims;

  int64_t elements() const;
  size_t bytes() const { return elements() * moelora_dtype_bytes(dtype); }
};

Shape shapeOf(const moelora_layer &layer, moelora_role role, int64_t tokens);

/// The error of a row; empty if there is none.
std::string rowError(const moelora_layer &layer, const moelora_operand &row);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_SHAPES_H
