// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter of the reference as the image that compiled code reads (Image.h).
// Implemented independently of the runtime's loader, so that the test compares
// two implementations of the page order.

#ifndef MOELORA_TEST_DIFFERENTIAL_PAGES_H
#define MOELORA_TEST_DIFFERENTIAL_PAGES_H

#include "moelora/reference/Views.h"

#include <cstdlib>
#include <memory>

namespace moelora::differential {

/// One adapter of a model whose only layer with experts is the last one.
class Pages {
public:
  /// The number of the layer. Not 0, so that a finder that is read at the wrong
  /// layer finds no memory.
  static constexpr int32_t layer = 3;

  Pages(const reference::Adapter &adapter, moelora_dtype type,
        moelora_page_order order = MOELORA_PAGE_ROW_MAJOR);
  Pages(Pages &&) = delete;

  /// The directory word of this image in generation 0.
  uint64_t word() const;
  /// The image's bytes, which end with its last page.
  const std::vector<char> &bytes() const { return image; }
  /// The same at an aligned address.
  const char *data() const { return placed.get(); }
  /// The pair of a projection and expert in such bytes; null: there is none.
  static moelora_pair *find(std::vector<char> &image, int projection,
                            int64_t expert);

private:
  /// Zeros at the end, from a whole unit on; the number of that unit.
  uint32_t append(size_t size);
  uint32_t appendMatrix(int64_t ranks, int64_t features);
  moelora_pair makePair(const reference::LoraPair &pair);
  void put(const reference::Adapter &adapter, int projection);

  const moelora_dtype type;
  const moelora_page_order order;
  std::vector<char> image;
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> placed;
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_PAGES_H
