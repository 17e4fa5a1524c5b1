// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter of the reference in the pages that compiled code reads (Abi.h).
// Written here once more, apart from the runtime's loader, so that the two
// readings of the page order meet in a test.

#ifndef MOELORA_TEST_DIFFERENTIAL_PAGES_H
#define MOELORA_TEST_DIFFERENTIAL_PAGES_H

#include "moelora/reference/Views.h"

#include <deque>

namespace moelora::differential {

/// One adapter of one layer, in row-major pages. Addresses stay.
class Pages {
public:
  Pages(const reference::Adapter &adapter, moelora_dtype type);
  Pages(Pages &&) = delete;

  const moelora_adapter_index *index() const { return &top; }

private:
  moelora_pair makePair(const reference::LoraPair &pair, moelora_dtype type);
  /// 64-byte aligned, zero-filled.
  void *allocate(int64_t elements, moelora_dtype type);

  struct alignas(64) Line {
    char bytes[64] = {};
  };
  std::deque<std::vector<Line>> memory;
  std::array<std::vector<moelora_pair>, MOELORA_PROJECTIONS> pairs;
  moelora_adapter_layer layer = {};
  moelora_adapter_index top = {};
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_PAGES_H
