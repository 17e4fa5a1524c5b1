// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runs that a kernel with a mistake must not pass.
#ifndef MOELORA_TEST_KERNELS_SUITE_H
#define MOELORA_TEST_KERNELS_SUITE_H

#include "Runs.h"

#include <deque>

namespace moelora::kernels {

/// A layer with several sets of data, and what its runs result.
class Suite {
public:
  Suite(const Case &layer, int64_t tokens);

  /// Keeps the results of an artifact that is right. Returns what is wrong with
  /// them according to the reference, or "".
  std::string learn(const moelora_artifact &artifact);
  /// Runs up to the first result that differs from those of `learn`, and
  /// returns in which way; "" if none differs. Throws a host::Error after a
  /// fault.
  std::string differs(const moelora_artifact &artifact) const;

private:
  struct Set {
    Set(const Case &c, uint32_t blocks, bool isOneRun)
        : c(c), blocks(blocks), isOneRun(isOneRun), data(c) {}
    const Case c;
    const uint32_t blocks;
    const bool isOneRun;
    Data data;
    std::vector<Bytes> results;
  };
  std::deque<Set> sets;
};

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_SUITE_H
