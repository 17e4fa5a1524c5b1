/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Determines which parts of the files are read: every required byte, once.
 *
 * A tensor consists of rows of elements, and a matrix of lines. Each line is in
 * a row: a matrix has lines in every row from its first to its last one, or in
 * every second row. Matrices with the same rows form one source and are read
 * together:
 *
 *     lora_A of 4 experts, packed     4 sources, of a quarter of the rows
 *     lora_B of 4 experts, packed     1 source, all share every row
 *     lora_A or lora_B, plain         1 source
 *
 * A source is read in stripes, which are whole rows if these are short enough.
 */
#ifndef MOELORA_RUNTIME_PAGESOURCES_H
#define MOELORA_RUNTIME_PAGESOURCES_H

#include "files/CheckpointFiles.h"
#include "pages/PageMap.h"

namespace moelora {

/// The position of a matrix in its tensor.
struct StoredLines {
  bool ofRanks; ///< a line has one rank; else one index of size
  int64_t firstRow, rowStep, count;  ///< rows with lines
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

/// A part of a source that is read at once: some columns of one row, or all
/// columns of several rows.
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

  /// The number of elements in a row of a tensor, and the size of an element in
  /// bytes.
  int64_t width(int64_t tensor) const;
  int64_t elementBytes(int64_t tensor) const;

  /// The largest size of a stripe in bytes, so that it fits the caches.
  static constexpr int64_t maxStripeBytes = 1 << 18;

  const CheckpointFiles &files;
  const std::vector<PageMatrix> &matrices;
  std::vector<size_t> order; ///< of the matrices, by source
  std::vector<PageSource> sources;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_PAGESOURCES_H
