/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The size of a world, and the report of a broken rule.
 */
#ifndef MOELORA_TEST_SLOTS_BOUNDS_H
#define MOELORA_TEST_SLOTS_BOUNDS_H

#include <cstdint>
#include <string>

namespace moelora::test {

/// A law that does not hold.
struct Violation {
  std::string text;
};

inline void require(bool holds, const char *law) {
  if (!holds)
    throw Violation{law};
}

struct Bounds {
  int32_t slots = 2, adapters = 3, streams = 2, steps = 2;
  int32_t queue = 6;   ///< things on one stream
  int32_t leases = 1;  ///< of one adapter
  int32_t buffers = 3; ///< that are there at once
  int32_t runs = 2;    ///< layers of a step
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_BOUNDS_H
