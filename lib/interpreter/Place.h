// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a rank is in the grid of its layer, and which rows are its own.

#ifndef MOELORA_INTERPRETER_PLACE_H
#define MOELORA_INTERPRETER_PLACE_H

#include "moelora/dialect/Ops.h"

namespace moelora::interpreter {

struct Rows {
  int64_t begin = 0, count = 0;
};

class Place {
public:
  /// A rank of `grid`, which is null for a layer that is not cut. `tokens` are
  /// those of every rank.
  Place(GridAttr grid, int64_t rank, llvm::ArrayRef<int64_t> tokens)
      : grid(grid), rank(rank), tokens(tokens) {}

  int64_t coordinate(Axis axis) const {
    return grid ? grid.getCoordinate(rank, axis) : 0;
  }
  /// The ranks that differ from this one along `axes` only, and itself, in
  /// ascending order. Null: no axes.
  std::vector<int64_t> members(AxesAttr axes) const;
  /// The rows that an all_gather over `axes` makes.
  int64_t countRows(AxesAttr axes) const;
  /// Of rows gathered over `gathered`, those of this rank along `own`.
  Rows ownRows(AxesAttr gathered, AxesAttr own) const;

private:
  GridAttr grid;
  int64_t rank;
  llvm::ArrayRef<int64_t> tokens;
};

} // namespace moelora::interpreter

#endif // MOELORA_INTERPRETER_PLACE_H
