/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter's image: where its pairs and pages are.
 */
#ifndef MOELORA_TEST_RUNTIME_IMAGE_H
#define MOELORA_TEST_RUNTIME_IMAGE_H

#include "moelora/runtime/Image.h"

#include <cstdint>

namespace moelora::test {

/// An image as generated code reads it.
class Image {
public:
  /// NULL: nothing is published.
  explicit Image(const void *base) : base(static_cast<const char *>(base)) {}

  explicit operator bool() const { return base; }
  const char *data() const { return base; }
  bool operator==(const Image &other) const { return base == other.base; }
  /// [experts] or [1]; NULL: there are none.
  const moelora_pair *pairs(int layer, int projection) const {
    auto *finder = reinterpret_cast<const uint32_t *>(base);
    uint32_t units = finder[layer * MOELORA_PROJECTIONS + projection];
    return units ? static_cast<const moelora_pair *>(at(units)) : nullptr;
  }
  const void *at(uint32_t units) const {
    return base + uint64_t(units) * MOELORA_IMAGE_UNIT;
  }

private:
  const char *base;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_IMAGE_H
