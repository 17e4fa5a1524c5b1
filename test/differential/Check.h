// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What must hold of a run:
// - the layer's IR, routed and fused, means what the reference computes;
// - every element is within the reference's error bound, or, where the case is
//   exact, has the bits of the reference's rounded mode;
// - one worker and several workers produce the same bits;
// - a token without adapter has the bits of a run without any adapters.

#ifndef MOELORA_TEST_DIFFERENTIAL_CHECK_H
#define MOELORA_TEST_DIFFERENTIAL_CHECK_H

#include "Case.h"
#include "moelora/reference/Compare.h"
#include "moelora/runtime/Execute.h"

namespace moelora::differential {

struct Verdict {
  std::string failure;          // empty: none
  reference::Verdict rows = {}; // of the output
  int64_t rounded = 0; // elements that an exact case would have otherwise
};

/// Compiles, runs and compares. `pool` has the several workers.
Verdict check(const Case &c, moelora_pool *pool);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_CHECK_H
