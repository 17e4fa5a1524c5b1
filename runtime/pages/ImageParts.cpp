/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts what each part of an image still waits for.
 */
#include "pages/ImageParts.h"

#include <algorithm>

using namespace moelora;

ImageParts::ImageParts(const PageSources &sources, int32_t dtype, int32_t order,
                       uint64_t imageBytes, const PartReader &reader)
    : sources(sources), dtype(dtype), order(order), imageBytes(imageBytes),
      reader(reader), stripes(sources.sources.size()),
      pages((imageBytes + reader.partBytes - 1) / reader.partBytes) {
  for (const PageStripe &stripe : sources.stripes())
    ++stripes[indexOf(*stripe.source)];
  for (const PageSource &source : sources.sources)
    visitParts(source, [this](size_t part) { ++pages[part]; });
}

size_t ImageParts::indexOf(const PageSource &source) const {
  return static_cast<size_t>(&source - sources.sources.data());
}

template <typename Visit>
void ImageParts::visitParts(const PageSource &source, Visit visit) const {
  for (size_t i = source.first; i < source.first + source.count; ++i) {
    const PageMatrix &matrix = sources.matrices[sources.order[i]];
    uint64_t bytes = static_cast<uint64_t>(pageElements(matrix, order)) *
                     moelora_dtype_bytes(dtype);
    if (bytes == 0)
      continue;
    uint64_t last = (matrix.offset + bytes - 1) / reader.partBytes;
    for (uint64_t part = matrix.offset / reader.partBytes; part <= last; ++part)
      visit(static_cast<size_t>(part));
  }
}

void ImageParts::tell(size_t part) const {
  uint64_t offset = part * reader.partBytes;
  reader.read(offset, std::min(reader.partBytes, imageBytes - offset));
}

void ImageParts::begin() const {
  for (size_t part = 0; part < pages.size(); ++part)
    if (pages[part] == 0)
      tell(part);
}

void ImageParts::finish(const PageStripe &stripe) {
  if (--stripes[indexOf(*stripe.source)] > 0)
    return;
  visitParts(*stripe.source, [this](size_t part) {
    if (--pages[part] == 0)
      tell(part);
  });
}
