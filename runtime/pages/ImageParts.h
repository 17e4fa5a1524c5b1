/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Determines which parts of an image are done while the rest is still being
 * read.
 *
 * An image is cut into parts of equal size. A source is done when its last
 * stripe is, and a part when the last source with pages in it is:
 *
 *     parts     |    0    |    1    |    2    |
 *     sources   index| a  | b |  c       | d  |
 *
 * Here part 1 waits for b and c. Part 0 waits only for a, because the index is
 * written before anything is read.
 */
#ifndef MOELORA_RUNTIME_IMAGEPARTS_H
#define MOELORA_RUNTIME_IMAGEPARTS_H

#include "pages/PageSources.h"

#include <atomic>
#include <functional>

namespace moelora {

/// Reads each part of an image when it is done, that is, when nothing writes to
/// it any more. The threads that stage call `read` once for every part,
/// possibly several at once. If it throws, staging ends.
struct PartReader {
  uint64_t partBytes;
  std::function<void(uint64_t offset, uint64_t bytes)> read;
};

class ImageParts {
public:
  /// An image of this number of bytes, with the pages of the sources.
  ImageParts(const PageSources &sources, int32_t dtype, int32_t order,
             uint64_t imageBytes, const PartReader &reader);

  /// Reports the parts without pages, which need not wait.
  void begin() const;
  /// Reports the parts for which this stripe was the last one.
  void finish(const PageStripe &stripe);

private:
  size_t indexOf(const PageSource &source) const;
  /// Calls `visit(part)` for every part in which a matrix of the source has
  /// pages, once for each such matrix.
  template <typename Visit>
  void visitParts(const PageSource &source, Visit visit) const;
  void report(size_t part) const;

  const PageSources &sources;
  const int32_t dtype, order;
  const uint64_t imageBytes;
  const PartReader &reader;
  std::vector<std::atomic<int64_t>> stripes;  ///< to be read, by source
  std::vector<std::atomic<int64_t>> matrices; ///< to be finished, by part
};

} // namespace moelora

#endif // MOELORA_RUNTIME_IMAGEPARTS_H
