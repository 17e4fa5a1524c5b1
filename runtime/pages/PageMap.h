/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writes elements into pages in the order that a table requires.
 *
 * Both A [rank][in] and B [out][rank] are treated as [rank][size] here. In
 * every order, the position of an element is the sum of one term that depends
 * on its rank and one that depends on its other index. Both terms repeat with a
 * constant step after 16 indices. An order is therefore described by two axes:
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

/// One matrix of a pair that is copied from a tensor into pages.
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

/// One term of an element's position, in elements.
struct PageAxis {
  static constexpr int64_t period = 16;
  int64_t step;                       ///< from one period to the next
  std::array<int64_t, period> inside; ///< within a period

  int64_t at(int64_t index) const {
    return index / period * step + inside[static_cast<size_t>(index % period)];
  }
  /// Whether the elements of a period, or all elements, are contiguous.
  bool isUnit() const { return inside[2] == 2; }
  bool isLine() const { return isUnit() && step == period; }
};

struct PageMap {
  PageAxis ranks, sizes;
  int64_t rankEnd, sizeEnd; ///< with padding
};

/// `order` is a moelora_page_order.
PageMap mapPages(const PageMatrix &matrix, int32_t order);

/// The number of elements in the pages of a matrix, with padding.
int64_t pageElements(const PageMatrix &matrix, int32_t order);

/// Pages of a moelora_dtype.
struct PageTarget {
  const PageMap &map;
  int32_t dtype;
  char *pages;
};

/// Converts a block of ranks (rows) and sizes (columns), with one rounding.
/// `from` has the moelora_dtype `dtype`, and `view` is relative to it.
void copyIntoPages(const void *from, int32_t dtype, const MatrixView &view,
                   const Block &block, const PageTarget &to);

/// Writes the zeros around a matrix of this rank and size.
void padPages(int64_t rank, int64_t size, const PageTarget &to);

} // namespace moelora

#endif // MOELORA_RUNTIME_PAGEMAP_H
