/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is read of the files: every byte that is needed, once.
 *
 * A tensor is rows of elements, and a matrix is lines, each in a row: in every
 * row from its first to its last one, or in every other. Matrices whose rows
 * are one another's are one source and are read together:
 *
 *     lora_A of 4 experts, packed     4 sources, of a quarter of the rows
 *     lora_B of 4 experts, packed     1 source, every row is of all
 *     lora_A or lora_B, plain         1 source
 *
 * A source is read in stripes: whole rows, as long as they are short enough.
 */
#ifndef MOELORA_RUNTIME_PAGESOURCES_H
#define MOELORA_RUNTIME_PAGESOURCES_H

#include "files/CheckpointFiles.h"
#include "pages/PageMap.h"

namespace moelora {

/// How a matrix lies in its tensor.
struct StoredLines {
  bool ofRanks;                     ///< a line is of one rank; else of one size
  int64_t firstRow, rowStep, count; ///< rows with lines
  int64_t firstColumn, step, length; ///< elements of a line

  int64_t endRow() const { return firstRow + (count - 1) * rowStep + 1; }
};

/// `width` is that of the tensor's rows.
StoredLines findLines(const PageMatrix &matrix, int64_t width);

struct PageSource {
  int64_t tensor; ///< -1: zeros, which are not read
  int64_t firstRow, endRow;
  size_t first, count; ///< of its matrices, in PageSources::order
};

/// A part of a source that is read at once: `columns` of some rows; of more
/// than one row, all.
struct PageStripe {
  const PageSource *source;
  int64_t row, rows;
  int64_t column, columns;

  bool isFirst() const { return row == source->firstRow && column == 0; }
};

class PageSources {
public:
  PageSources(const CheckpointFiles &files,
              const std::vector<PageMatrix> &matrices);

  uint64_t readBytes() const;
  /// All stripes, in the order of the files.
  std::vector<PageStripe> stripes() const;

  /// Elements in a row of a tensor, and bytes of one of them.
  int64_t width(int64_t tensor) const;
  int64_t elementBytes(int64_t tensor) const;

  /// Stripes have at most so many bytes; they stay in the caches.
  static constexpr int64_t maxStripeBytes = 1 << 18;

  const CheckpointFiles &files;
  const std::vector<PageMatrix> &matrices;
  std::vector<size_t> order; ///< of the matrices, by source
  std::vector<PageSource> sources;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_PAGESOURCES_H
