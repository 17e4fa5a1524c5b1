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

/// `what` is "an event", "a place for the result", ...
void checkThere(const void *pointer, const char *what);
/// The same for places that a function writes to.
template <typename... Results> void checkResults(Results *...results) {
  (checkThere(results, "a place for each result"), ...);
}

/// The answer to a key of `query` that a device does not know.
[[noreturn]] void failUnknownKey(int32_t key);

void checkCopy(const void *to, const void *from, uint64_t bytes);

/// Whether a store of 8 bytes can be one.
void checkStore(const uint64_t *to);

/// Whether a kind of binary is the address of code in this process, without
/// bytes of its own.
bool isAddressOnly(int32_t kind);
/// Code in a form that is known; NULL does not do.
void checkBinary(const moelora_binary *binary);
/// Refuses a kind of code that a device, "the cpu", does not take.
[[noreturn]] void refuseBinary(const moelora_binary &binary,
                               const char *device);
void checkKernelInfo(const moelora_kernel_info *info);

/// Kernels, flags and parameters, and sizes of grid, blocks and clusters.
void checkLaunches(const moelora_launch *launches, uint32_t count);

/// Whether it has clusters of more than one block.
bool hasClusters(const moelora_launch &launch);

} // namespace moelora

#endif // MOELORA_DEVICE_RULES_H
