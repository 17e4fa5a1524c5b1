/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Finds the sources of matrices, and divides them into stripes.
 */
#include "pages/PageSources.h"

#include <algorithm>
#include <tuple>

using namespace moelora;

namespace {

/// The position of a matrix in the files.
struct Position {
  int64_t tensor, firstRow, endRow;
  size_t matrix;

  bool operator<(const Position &other) const {
    return std::tie(tensor, firstRow, matrix) <
           std::tie(other.tensor, other.firstRow, other.matrix);
  }
};

} // namespace

StoredLines moelora::findLines(const PageMatrix &matrix, int64_t width) {
  const MatrixView &view = matrix.view;
  // If the steps are equal, one of the two has a single index.
  bool ofRanks =
      view.row > view.column || (view.row == view.column && matrix.rank > 1);
  int64_t row = view.offset / width, column = view.offset % width;
  if (ofRanks)
    return {true,   row,         view.row / width, matrix.rank,
            column, view.column, matrix.size};
  return {false,  row,      view.column / width, matrix.size,
          column, view.row, matrix.rank};
}

PageSources::PageSources(const CheckpointFiles &files,
                         const std::vector<PageMatrix> &matrices)
    : files(files), matrices(matrices) {
  std::vector<Position> positions;
  positions.reserve(matrices.size());
  for (size_t i = 0; i < matrices.size(); ++i) {
    int64_t tensor = matrices[i].view.tensor;
    StoredLines lines{};
    if (tensor >= 0)
      lines = findLines(matrices[i], width(tensor));
    positions.push_back(
        {tensor, lines.firstRow, tensor < 0 ? 0 : lines.endRow(), i});
  }
  std::sort(positions.begin(), positions.end());
  order.reserve(positions.size());
  for (const Position &at : positions) {
    bool joins = !sources.empty() && sources.back().tensor == at.tensor &&
                 at.firstRow < sources.back().endRow;
    if (!joins)
      sources.push_back({at.tensor, at.firstRow, at.endRow, order.size(), 0});
    PageSource &source = sources.back();
    source.endRow = std::max(source.endRow, at.endRow);
    ++source.count;
    order.push_back(at.matrix);
  }
}

int64_t PageSources::width(int64_t tensor) const {
  const Tensor &found = files.tensors()[static_cast<size_t>(tensor)];
  return found.shape[static_cast<size_t>(found.dims - 1)];
}

int64_t PageSources::elementBytes(int64_t tensor) const {
  int32_t dtype = files.tensors()[static_cast<size_t>(tensor)].dtype;
  return static_cast<int64_t>(moelora_dtype_bytes(dtype));
}

uint64_t PageSources::readBytes() const {
  uint64_t bytes = 0;
  for (const PageSource &source : sources)
    if (source.tensor >= 0)
      bytes += static_cast<uint64_t>((source.endRow - source.firstRow) *
                                     width(source.tensor) *
                                     elementBytes(source.tensor));
  return bytes;
}

std::vector<PageStripe> PageSources::stripes() const {
  std::vector<PageStripe> stripes;
  stripes.reserve(sources.size());
  for (const PageSource &source : sources) {
    if (source.tensor < 0) {
      stripes.push_back({&source, 0, 0, 0, 0});
      continue;
    }
    int64_t columns = width(source.tensor);
    int64_t fitting = maxStripeBytes / elementBytes(source.tensor);
    int64_t rowStep = std::max<int64_t>(1, fitting / columns);
    int64_t columnStep = std::min(columns, fitting);
    for (int64_t row = source.firstRow; row < source.endRow; row += rowStep)
      for (int64_t column = 0; column < columns; column += columnStep)
        stripes.push_back({&source, row, std::min(rowStep, source.endRow - row),
                           column, std::min(columnStep, columns - column)});
  }
  return stripes;
}
