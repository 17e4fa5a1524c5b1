/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Page orders as axes, and the loops that copy along them.
 */
#include "pages/PageMap.h"

#include "base/Convert.h"

#include <algorithm>

using namespace moelora;

namespace {

constexpr int64_t period = PageAxis::period;
static_assert(MOELORA_PAGE_RANKS == period);

/// The number of elements in a fragment-major block, and of a lane's part of
/// it.
constexpr int64_t blockElements = 256, laneElements = 8;

int64_t roundUp(int64_t value) {
  return (value + period - 1) / period * period;
}

/// Only the order in blocks rounds sizes up.
int64_t roundSize(int64_t size, int32_t order) {
  return order == MOELORA_PAGE_ROW_MAJOR ? size : roundUp(size);
}

template <typename Place> PageAxis makeAxis(int64_t step, Place place) {
  PageAxis axis = {step, {}};
  for (int64_t i = 0; i < period; ++i)
    axis.inside[static_cast<size_t>(i)] = place(i);
  return axis;
}

/// An axis whose elements are `distance` apart within a period.
PageAxis evenAxis(int64_t distance, int64_t step) {
  return makeAxis(step, [=](int64_t i) { return i * distance; });
}

/// The rows of a block: a lane has two rows, 8 apart, and alternates between
/// them after two columns.
PageAxis fragmentRows(int64_t step) {
  return makeAxis(step, [](int64_t row) {
    return row % 8 * 4 * laneElements + row / 8 * 2;
  });
}

/// The columns of a block: a lane has two pairs of columns, 8 apart.
PageAxis fragmentColumns(int64_t step) {
  return makeAxis(step, [](int64_t column) {
    return column % 8 / 2 * laneElements + column / 8 * 4 + column % 2;
  });
}

struct Range {
  int64_t first, end;
};

/// Writes value(n) to every place n of a range.
template <typename To, typename Value>
void fillLine(To *line, const PageAxis &axis, Range range, Value value) {
  int64_t n = range.first;
  if (axis.isLine())
    for (; n < range.end; ++n) // the form that vectorises
      line[n] = value(n);
  while (n < range.end) {
    int64_t first = n / period * period;
    int64_t end = std::min(range.end, first + period);
    To *at = line + n / period * axis.step;
    if (axis.isUnit())
      for (; n < end; ++n)
        at[n - first] = value(n);
    else
      for (; n < end; ++n)
        at[axis.inside[static_cast<size_t>(n - first)]] = value(n);
  }
}

/// Copies consecutive elements of a tensor's row.
template <typename To, typename From>
void copyLine(const From *from, int64_t distance, To *line,
              const PageAxis &axis, Range range) {
  if (distance == 1)
    fillLine(line, axis, range,
             [=](int64_t n) { return convert<To>(from[n]); });
  else
    fillLine(line, axis, range,
             [=](int64_t n) { return convert<To>(from[n * distance]); });
}

template <typename To, typename From>
void copyBlock(const From *from, const MatrixView &view, const Block &block,
               const PageMap &map, To *to) {
  from += view.offset;
  Range ranks = {block.firstRow, block.firstRow + block.rows};
  Range sizes = {block.firstColumn, block.firstColumn + block.columns};
  if (view.row >= view.column)
    for (int64_t j = ranks.first; j < ranks.end; ++j)
      copyLine(from + j * view.row, view.column, to + map.ranks.at(j),
               map.sizes, sizes);
  else
    for (int64_t k = sizes.first; k < sizes.end; ++k)
      copyLine(from + k * view.column, view.row, to + map.sizes.at(k),
               map.ranks, ranks);
}

template <typename To>
void pad(int64_t rank, int64_t size, const PageMap &map, To *to) {
  auto zero = [](int64_t) { return To{}; };
  auto padRanks = [&](Range ranks, Range sizes) {
    for (int64_t k = sizes.first; k < sizes.end; ++k)
      fillLine(to + map.sizes.at(k), map.ranks, ranks, zero);
  };
  auto padSizes = [&](Range ranks, Range sizes) {
    for (int64_t j = ranks.first; j < ranks.end; ++j)
      fillLine(to + map.ranks.at(j), map.sizes, sizes, zero);
  };
  if (map.ranks.isUnit())
    padRanks({rank, map.rankEnd}, {0, size});
  else
    padSizes({rank, map.rankEnd}, {0, size});
  padSizes({0, map.rankEnd}, {size, map.sizeEnd});
}

/// Calls `visit` with the pages as elements of their C++ type.
template <typename Visit> void asElements(const PageTarget &to, Visit visit) {
  switch (to.dtype) {
  case MOELORA_F32:
    return visit(reinterpret_cast<float *>(to.pages));
  case MOELORA_F16:
    return visit(reinterpret_cast<F16 *>(to.pages));
  case MOELORA_BF16:
    return visit(reinterpret_cast<BF16 *>(to.pages));
  }
}

} // namespace

PageMap moelora::mapPages(const PageMatrix &matrix, int32_t order) {
  int64_t ranks = roundUp(matrix.rank), sizes = roundSize(matrix.size, order);
  int64_t page = sizes * period;
  if (order == MOELORA_PAGE_ROW_MAJOR && matrix.isB)
    return {evenAxis(1, page), evenAxis(period, period * period), ranks, sizes};
  if (order == MOELORA_PAGE_ROW_MAJOR)
    return {evenAxis(sizes, page), evenAxis(1, period), ranks, sizes};
  if (matrix.isB)
    return {fragmentColumns(page), fragmentRows(blockElements), ranks, sizes};
  return {fragmentRows(page), fragmentColumns(blockElements), ranks, sizes};
}

int64_t moelora::pageElements(const PageMatrix &matrix, int32_t order) {
  return roundUp(matrix.rank) * roundSize(matrix.size, order);
}

void moelora::copyIntoPages(const void *from, int32_t dtype,
                            const MatrixView &view, const Block &block,
                            const PageTarget &to) {
  asElements(to, [&](auto *elements) {
    asFileType(from, dtype, [&](auto *stored) {
      copyBlock(stored, view, block, to.map, elements);
    });
  });
}

void moelora::padPages(int64_t rank, int64_t size, const PageTarget &to) {
  asElements(to, [&](auto *elements) { pad(rank, size, to.map, elements); });
}
