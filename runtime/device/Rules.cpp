/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What every device asks of its callers.
 */
#include "device/Rules.h"

#include "base/Failure.h"

#include <algorithm>

using namespace moelora;

/// What all drivers take; the promise of moelora_launch.
static constexpr uint32_t mostParameterBytes = 4096;

uint64_t moelora::roundedBytes(uint64_t bytes, uint64_t granularity) {
  uint64_t pieces = std::max<uint64_t>(bytes, 1) / granularity +
                    (std::max<uint64_t>(bytes, 1) % granularity != 0);
  if (pieces > UINT64_MAX / granularity)
    throw std::bad_alloc();
  return pieces * granularity;
}

void moelora::checkLaunch(const moelora_launch &launch) {
  if (launch.parameter_bytes > mostParameterBytes)
    fail("expects the parameters of a kernel to take at most " +
         std::to_string(mostParameterBytes) + " bytes, but they take " +
         std::to_string(launch.parameter_bytes));
  for (int axis = 0; axis < 3; ++axis)
    if (!launch.grid[axis] || !launch.block[axis])
      fail("expects the grid and the block of a launch to be at least 1 in "
           "each direction, but in direction " +
           std::to_string(axis) + " they are " +
           std::to_string(launch.grid[axis]) + " and " +
           std::to_string(launch.block[axis]));
}

void moelora::checkStore(const uint64_t *to) {
  if (auto odd = reinterpret_cast<uintptr_t>(to) % sizeof(uint64_t))
    fail("expects the address of a store to be a multiple of 8, but it is " +
         std::to_string(odd) + " beyond one");
}
