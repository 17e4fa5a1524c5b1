/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The arithmetic of mma.sync, for a whole warp.
 */
#ifndef MOELORA_EMULATOR_MMA_H
#define MOELORA_EMULATOR_MMA_H

#include <cstdint>

namespace moelora::emulator {

/// The registers of a lane.
struct MmaLane {
  const uint32_t *a, *b;
  const float *c;
  float *d;
};

/// Computes D = A B + C for the 32 lanes of a warp. `kind` is a
/// moelora_emulator_mma. For each element of D, the products are added to the
/// element of C in ascending k. Each step is an fma: the product is exact, and
/// the sum is rounded once.
void multiply(uint32_t kind, const MmaLane *const *lanes);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MMA_H
