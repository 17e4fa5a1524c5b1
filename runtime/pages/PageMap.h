/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The order of elements in pages, and writing them in that order.
 *
 * A [rank][in] and B [out][rank] are both seen as [rank][size] here. In every
 * order the place of an element is the sum of a part that depends on its rank
 * and a part that depends on its other index, and both repeat with a step after
 * 16 of them. So an order is two axes:
 *
 *     row-major A, 40 inputs      rank:  j * 40
 *                                 size:  k
 *     row-major B, 40 outputs     rank:  j / 16 * 640 + j % 16
 *                                 size:  k * 16
 */
#ifndef MOELORA_RUNTIME_PAGEMAP_H
#define MOELORA_RUNTIME_PAGEMAP_H

#include "files/MatrixView.h"
#include "moelora/runtime/Abi.h"

#include <array>
#include <cstddef>

namespace moelora {

/// One matrix of a pair, on its way from a tensor into pages.
struct PageMatrix {
  MatrixView view; ///< [rank][size]; of tensor -1: all zeros
  int64_t rank, size;
  bool isB;
  int32_t layer;
  uint64_t offset; ///< of its pages in the image
};

/// 16 ranks to a page.
inline int64_t pagesOf(int64_t rank) {
  return (rank + MOELORA_PAGE_RANKS - 1) / MOELORA_PAGE_RANKS;
}

/// One part of an element's place, in elements.
struct PageAxis {
  static constexpr int64_t period = 16;
  int64_t step;                       ///< from one period to the next
  std::array<int64_t, period> inside; ///< within a period

  int64_t at(int64_t index) const {
    return index / period * step + inside[static_cast<size_t>(index % period)];
  }
  /// Whether the elements of a period, or all of them, lie side by side.
  bool isUnit() const { return inside[2] == 2; }
  bool isLine() const { return isUnit() && step == period; }
};

struct PageMap {
  PageAxis ranks, sizes;
  int64_t rankEnd, sizeEnd; ///< with padding
};

/// `order` is a moelora_page_order.
PageMap mapPages(const PageMatrix &matrix, int32_t order);

/// Elements of the pages of a matrix, with padding.
int64_t pageElements(const PageMatrix &matrix, int32_t order);

/// Pages of a moelora_dtype.
struct PageTarget {
  const PageMap &map;
  int32_t dtype;
  char *pages;
};

/// Converts a block of ranks (rows) and sizes (columns), with one rounding.
/// `from` is of the moelora_dtype `dtype`, and `view` counts from there.
void copyIntoPages(const void *from, int32_t dtype, const MatrixView &view,
                   const Block &block, const PageTarget &to);

/// Writes the zeros around a matrix of this rank and size.
void padPages(int64_t rank, int64_t size, const PageTarget &to);

} // namespace moelora

#endif // MOELORA_RUNTIME_PAGEMAP_H
