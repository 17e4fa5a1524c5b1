/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules for the arguments of a device's functions.
 */
#ifndef MOELORA_DEVICE_RULES_H
#define MOELORA_DEVICE_RULES_H

#include "moelora/runtime/Device.h"

namespace moelora {

/// `bytes` rounded up to a multiple of the granularity, at least one. Fails
/// with out of memory if that overflows.
uint64_t roundedBytes(uint64_t bytes, uint64_t granularity);

/// `what` is "an event", "a place for the result", ...
void checkThere(const void *pointer, const char *what);
/// The same for addresses to which a function writes.
template <typename... Results> void checkResults(Results *...results) {
  (checkThere(results, "a place for each result"), ...);
}

/// Fails for a key of `query` that a device does not know.
[[noreturn]] void failUnknownKey(int32_t key);

void checkCopy(const void *to, const void *from, uint64_t bytes);

/// Checks that 8 bytes can be stored atomically at an address.
void checkStore(const uint64_t *to);

/// Whether a binary of this kind is the address of code in this process,
/// without bytes of its own.
bool isAddressOnly(int32_t kind);
/// Checks that the code has a known form and is not NULL.
void checkBinary(const moelora_binary *binary);
/// Refuses a kind of code that a device, such as "the cpu", does not support.
[[noreturn]] void refuseBinary(const moelora_binary &binary,
                               const char *device);
void checkKernelInfo(const moelora_kernel_info *info);

/// Checks kernels, flags, parameters, and the sizes of grid, blocks and
/// clusters.
void checkLaunches(const moelora_launch *launches, uint32_t count);

/// Whether it has clusters of more than one block.
bool hasClusters(const moelora_launch &launch);

} // namespace moelora

#endif // MOELORA_DEVICE_RULES_H
