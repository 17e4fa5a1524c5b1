/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Walks through the states of a world, nearest first, so that the way to a
 * broken law is as short as can be.
 */
#ifndef MOELORA_TEST_SLOTS_EXPLORER_H
#define MOELORA_TEST_SLOTS_EXPLORER_H

#include "Bounds.h"

#include <vector>

namespace moelora::test {

struct Exploration {
  size_t states = 0, transitions = 0, depth = 0;
  bool closed = false;          ///< there are no other states
  uint64_t full = 0, busy = 0;  ///< transitions with these results
  uint64_t late = 0;            ///< with freed memory
  std::string broken;           ///< the law; empty: none
  std::vector<std::string> way; ///< to where it is broken
};

/// Stops if a rule is broken, or after this number of states.
Exploration explore(const Bounds &bounds, size_t limit, size_t threads = 2);

/// Random walks of this length, which reach few but distant states. Equal
/// states are not recognised.
Exploration wander(const Bounds &bounds, size_t walks, size_t length,
                   uint32_t seed);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_EXPLORER_H
