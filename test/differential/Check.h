// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What must hold of a run:
// - the layer's IR, routed and fused, means what the reference computes;
// - every element is within the reference's error bound, or, where the case is
//   exact, has the bits of the reference's rounded mode;
// - one worker and several workers produce the same bits, and so does a second
//   run, in which numbers of slots that are none stand for the invalid ids;
// - a token without adapter has the bits of a run without any adapters.
// The CPU and the emulator each do this, and keep their promises (Promises.h).

#ifndef MOELORA_TEST_DIFFERENTIAL_CHECK_H
#define MOELORA_TEST_DIFFERENTIAL_CHECK_H

#include "Case.h"
#include "moelora/reference/Compare.h"
#include "moelora/runtime/Execute.h"

namespace moelora::differential {

struct Verdict {
  std::string failure;          // empty: none
  uint64_t set = 0;             // in which it is
  reference::Verdict rows = {}; // of the outputs
  int64_t rounded = 0; // elements that an exact case would have otherwise
};

/// The sets of data of each layer.
struct Sets {
  uint64_t first = 0, count = 1;
};

struct CheckOptions {
  Sets sets;
  bool emulated = false;
  moelora_pool *pool = nullptr; // has the several workers
  /// Also checks promises (Promises.h), with this number of runs that must
  /// repeat; 0: it does not.
  unsigned runs = 0;
  /// This number of runs with invalid ids and numbers (Hostility.h).
  int64_t hostileRuns = 0;
};

/// Compiles, runs and compares, up to the first set that fails.
Verdict check(const Case &c, const CheckOptions &options);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_CHECK_H
