// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small layers that together have every part of every kernel.
#ifndef MOELORA_TEST_KERNELS_SUBJECTS_H
#define MOELORA_TEST_KERNELS_SUBJECTS_H

#include "differential/Case.h"

namespace moelora::kernels {

using differential::Case;

struct Subject {
  std::string name;
  Case layer;
  int64_t tokens; // of its larger batches
  /// Patterns of `kernel: site` that get mistakes. The others are like those of
  /// another layer, or in kernels that no run launches.
  std::vector<std::string> sites;
};

/// In a fixed order.
std::vector<Subject> subjects();

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_SUBJECTS_H
