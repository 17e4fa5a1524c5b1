// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts layouts to shapes and strides.

#include "Pieces.h"

namespace moelora::models {

int64_t Piece::elements() const {
  int64_t count = 1;
  for (const Axis &axis : axes)
    count *= axis.size;
  return count;
}

Axis OperandAxes::axis(char letter) const {
  switch (letter) {
  case 'e':
    return {experts, slices * rows * columns};
  case 's':
    return {slices, rows * columns};
  case 'r':
    return {rows, columns};
  default:
    return {columns, 1};
  }
}

Piece pieceOf(std::string tensor, const char *layout, const OperandAxes &axes,
              int64_t offset) {
  Piece piece{std::move(tensor), {1}, offset, {}};
  for (const char *letter = layout; *letter; ++letter) {
    if (*letter == ',') {
      piece.shape.push_back(1);
      continue;
    }
    Axis axis = axes.axis(*letter);
    bool more = *letter == 'e' && axes.stored > 0;
    piece.axes.push_back(axis);
    piece.shape.back() *= more ? axes.stored : axis.size;
  }
  return piece;
}

} // namespace moelora::models
