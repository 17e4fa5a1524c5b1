// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slices and rows of weights in place.

#include "moelora/reference/Views.h"

namespace moelora::reference {

Vector MatrixView::row(int64_t index) const {
  Vector values(columns);
  for (int64_t c = 0; c < columns; ++c)
    values[c] = at(index, c);
  return values;
}

MatrixView MatrixView::columnsOf(int64_t part, int64_t parts) const {
  int64_t count = columns / parts;
  const char *first =
      static_cast<const char *>(data) + part * count * int64_t(bytesOf(type));
  return {type, first, rows, count, stride};
}

MatrixView ExpertsView::expert(int64_t index) const {
  const char *first = static_cast<const char *>(data) +
                      index * rows * columns * int64_t(bytesOf(type));
  return {type, first, rows, columns, columns};
}

const LoraPair *Adapter::find(moelora_projection projection,
                              int64_t expert) const {
  const std::vector<LoraPair> &list = pairs[projection];
  if (expert < 0 || expert >= int64_t(list.size()) || !list[expert].rank())
    return nullptr;
  return &list[expert];
}

} // namespace moelora::reference
