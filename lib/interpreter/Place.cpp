// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Place.h"

namespace moelora::interpreter {

std::vector<int64_t> Place::members(AxesAttr axes) const {
  if (!axes)
    return {rank};
  std::vector<int64_t> ranks;
  for (int64_t other = 0; other < grid.getRanks(); ++other) {
    auto isEqual = [&](Axis axis) {
      return grid.getCoordinate(other, axis) == coordinate(axis);
    };
    if (llvm::all_of(
            llvm::ArrayRef<Axis>{Axis::Dp, Axis::Ep, Axis::Tp},
            [&](Axis axis) { return axes.has(axis) || isEqual(axis); }))
      ranks.push_back(other);
  }
  return ranks;
}

int64_t Place::countRows(AxesAttr axes) const {
  int64_t rows = 0;
  for (int64_t member : members(axes))
    rows += tokens[size_t(member)];
  return rows;
}

Rows Place::ownRows(AxesAttr gathered, AxesAttr own) const {
  Rows rows;
  for (int64_t member : members(gathered)) {
    auto position = [&](int64_t of, Axis axis) {
      return grid.getCoordinate(of, axis);
    };
    bool isBefore = false, isOwn = true;
    for (Axis axis : own.getAxes()) {
      int64_t there = position(member, axis), here = coordinate(axis);
      isBefore |= isOwn && there < here;
      isOwn &= there == here;
    }
    if (isOwn)
      rows.count += tokens[size_t(member)];
    else if (isBefore)
      rows.begin += tokens[size_t(member)];
  }
  return rows;
}

} // namespace moelora::interpreter
