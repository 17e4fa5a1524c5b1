/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts the stripes and matrices for which each part of an image still waits.
 */
#include "pages/ImageParts.h"

#include <algorithm>

using namespace moelora;

ImageParts::ImageParts(const PageSources &sources, int32_t dtype, int32_t order,
                       uint64_t imageBytes, const PartReader &reader)
    : sources(sources), dtype(dtype), order(order), imageBytes(imageBytes),
      reader(reader), stripes(sources.sources.size()),
      matrices((imageBytes + reader.partBytes - 1) / reader.partBytes) {
  for (const PageStripe &stripe : sources.stripes())
    ++stripes[indexOf(*stripe.source)];
  for (const PageSource &source : sources.sources)
    visitParts(source, [this](size_t part) { ++matrices[part]; });
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

void ImageParts::report(size_t part) const {
  uint64_t offset = part * reader.partBytes;
  reader.read(offset, std::min(reader.partBytes, imageBytes - offset));
}

void ImageParts::begin() const {
  for (size_t part = 0; part < matrices.size(); ++part)
    if (matrices[part] == 0)
      report(part);
}

void ImageParts::finish(const PageStripe &stripe) {
  if (--stripes[indexOf(*stripe.source)] > 0)
    return;
  visitParts(*stripe.source, [this](size_t part) {
    if (--matrices[part] == 0)
      report(part);
  });
}
