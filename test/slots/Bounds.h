/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How much of a world there is, and how it says that a rule does not hold.
 */
#ifndef MOELORA_TEST_SLOTS_BOUNDS_H
#define MOELORA_TEST_SLOTS_BOUNDS_H

#include "moelora/runtime/Abi.h"

#include <string>

namespace moelora::test {

/// A rule that does not hold.
struct Violation {
  std::string text;
};

inline void require(bool holds, const char *rule) {
  if (!holds)
    throw Violation{rule};
}

/// What is left out of the world, to show that it is missed.
enum class Without { Nothing, Fences, Generations, Epochs };

struct Bounds {
  int32_t slots = 2, adapters = 3, streams = 2;
  int32_t queue = 3;  ///< things on one stream
  int32_t leases = 2; ///< of one adapter
  int32_t blocks =
      3; ///< of one adapter: who holds a lease, keeps all later ones
  uint32_t generations = 1u << MOELORA_SLOT_GENERATION_BITS;
  Without without = Without::Nothing;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_BOUNDS_H
