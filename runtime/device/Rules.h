/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What every device asks of its callers.
 */
#ifndef MOELORA_DEVICE_RULES_H
#define MOELORA_DEVICE_RULES_H

#include "moelora/runtime/Device.h"

namespace moelora {

/// The least number that is a multiple of the granularity, holds `bytes`, and
/// is not 0. Fails as out of memory where there is none.
uint64_t roundedBytes(uint64_t bytes, uint64_t granularity);

/// Sizes of the grid and of the parameters.
void checkLaunch(const moelora_launch &launch);

/// Whether a store of 8 bytes can be one.
void checkStore(const uint64_t *to);

} // namespace moelora

#endif // MOELORA_DEVICE_RULES_H
