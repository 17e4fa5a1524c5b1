// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many thread blocks an SM holds.
#ifndef MOELORA_COST_OCCUPANCY_H
#define MOELORA_COST_OCCUPANCY_H

#include "moelora/cost/Gpu.h"

namespace moelora::cost {

/// What a thread block occupies.
struct BlockUse {
  int64_t threads;
  int64_t registers;   ///< of a thread
  int64_t sharedBytes; ///< without those that the system reserves
};

/// Thread blocks that are on an SM at the same time. 0 means that not even one
/// fits.
int64_t residentBlocks(const Gpu &gpu, const BlockUse &use);

} // namespace moelora::cost

#endif // MOELORA_COST_OCCUPANCY_H
